import { Bar } from './bar';

/** What a bar did to the series: how much of a chart has to be told. */
export type BarChange = 'append' | 'update' | 'patch' | 'rebuild' | 'ignore';

/** The bars of one symbol and interval, oldest first, at most `limit` of them. */
export class BarSeries {
  private rows: Bar[] = [];

  constructor(private readonly limit = 3000) {}

  get bars(): readonly Bar[] {
    return this.rows;
  }

  get last(): Bar | undefined {
    return this.rows.at(-1);
  }

  /** Where the bar that starts at `start` stands, -1 if it is not here. */
  indexOf(start: number): number {
    const at = this.lowerBound(start);
    return this.rows[at]?.start === start ? at : -1;
  }

  reset(bars: readonly Bar[]): void {
    this.rows = [...bars].sort((a, b) => a.start - b.start).slice(-this.limit);
  }

  /** Puts older bars in front; bars already here stay. */
  prepend(bars: readonly Bar[]): number {
    const first = this.rows[0]?.start ?? Infinity;
    const older = bars.filter((bar) => bar.start < first).sort((a, b) => a.start - b.start);
    const room = Math.max(0, this.limit - this.rows.length);
    const kept = room ? older.slice(-room) : [];
    this.rows = [...kept, ...this.rows];
    return kept.length;
  }

  /**
   * Applies one bar. A forming bar never replaces a final one and a lower revision never a higher one, so the order
   * in which state and log messages come doesn't matter.
   */
  apply(bar: Bar): BarChange {
    const at = this.lowerBound(bar.start);
    const present = this.rows[at];
    if (present?.start === bar.start) {
      if (isOlder(bar, present)) return 'ignore';
      this.rows[at] = bar;
      return at === this.rows.length - 1 ? 'update' : 'patch';
    }
    if (at < this.rows.length) {
      if (at === 0 && this.rows.length >= this.limit) return 'ignore';
      this.rows.splice(at, 0, bar);
      return 'rebuild';
    }
    this.rows.push(bar);
    if (this.rows.length <= this.limit) return 'append';
    this.rows = this.rows.slice(-Math.ceil(this.limit * 0.8));
    return 'rebuild';
  }

  private lowerBound(start: number): number {
    let [low, high] = [0, this.rows.length];
    const last = this.rows.at(-1);
    if (last && last.start < start) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.rows[middle]!.start < start) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function isOlder(bar: Bar, present: Bar): boolean {
  if (bar.state === 'forming') return present.state !== 'forming';
  return present.state !== 'forming' && bar.revision < present.revision;
}
