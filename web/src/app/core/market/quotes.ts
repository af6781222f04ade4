import { computed, inject, Injectable, Signal, signal, WritableSignal } from '@angular/core';

import { StateEvent } from '../stream/messages';
import { Stream } from '../stream/stream';

/** The last price of a symbol; `ts` is the event's time in ms UTC. */
export interface Quote {
  readonly symbol: string;
  readonly ts: number;
  readonly last: number;
  readonly source: string;
}

/** One signal a symbol, so that a tick dirties one row only. */
@Injectable({ providedIn: 'root' })
export class Quotes {
  private readonly stream = inject(Stream);
  private readonly bySymbol = new Map<string, WritableSignal<Quote | null>>();
  private readonly names = signal<readonly string[]>([]);
  private readonly newest = signal(0);

  /** Every symbol seen, in the hub's order, new ones at the end. */
  readonly symbols: Signal<readonly string[]> = computed(() => {
    const told = this.stream.hello()?.symbols ?? [];
    return [...told, ...this.names().filter((name) => !told.includes(name))];
  });

  /** Time of the newest quote of any symbol, in steps of a second: the stream's own clock. */
  readonly now = this.newest.asReadonly();

  constructor() {
    this.stream.subscribe({ state: (events) => this.apply(events) });
  }

  of(symbol: string): Signal<Quote | null> {
    return this.cell(symbol);
  }

  private apply(events: readonly StateEvent[]): void {
    let newest = this.newest();
    for (const event of events) {
      if (event[0] !== 'quote') continue;
      const [, symbol, ts, last, source] = event;
      const cell = this.cell(symbol);
      if (cell() === null) this.names.update((names) => (names.includes(symbol) ? names : [...names, symbol]));
      cell.set({ symbol, ts, last, source });
      newest = Math.max(newest, Math.floor(ts / 1000) * 1000);
    }
    this.newest.set(newest);
  }

  private cell(symbol: string): WritableSignal<Quote | null> {
    let cell = this.bySymbol.get(symbol);
    if (!cell) this.bySymbol.set(symbol, (cell = signal<Quote | null>(null)));
    return cell;
  }
}
