import { LogEvent, StateEvent, stateKey } from './messages';

/**
 * What came since the last frame: of state only the newest a key, of the log everything in order.
 *
 * Its size is bounded by the number of keys and the log's own rate, also while a hidden tab draws no frames.
 */
export class Inbox {
  private readonly latest = new Map<string, StateEvent>();
  private log: LogEvent[] = [];

  get empty(): boolean {
    return this.latest.size === 0 && this.log.length === 0;
  }

  addState(events: readonly StateEvent[]): void {
    for (const event of events) this.latest.set(stateKey(event), event);
  }

  addLog(events: readonly LogEvent[]): void {
    for (const event of events) this.log.push(event);
  }

  take(): { readonly log: readonly LogEvent[]; readonly state: readonly StateEvent[] } {
    const taken = { log: this.log, state: [...this.latest.values()] };
    this.log = [];
    this.latest.clear();
    return taken;
  }
}
