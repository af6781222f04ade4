import { DestroyRef, effect, inject, Injectable, Signal, signal, untracked, WritableSignal } from '@angular/core';

import { HubApi } from '../../core/api/hub-api';
import { Bar } from '../../core/market/bar';
import { BarSeries } from '../../core/market/bar-series';
import { Selection } from '../../core/selection/selection';
import { barOf, LogEvent } from '../../core/stream/messages';
import { Stream } from '../../core/stream/stream';

export const HISTORY_BARS = 60;
const FETCHES_AT_ONCE = 4;
const DAY_MS = 86_400_000;

/**
 * The last closes of each symbol that somebody looks at, at the page's interval, and the close of the day before:
 * fetched when first asked for, then kept by the log.
 */
@Injectable()
export class WatchlistHistory {
  private readonly api = inject(HubApi);
  private readonly stream = inject(Stream);
  private readonly selection = inject(Selection);
  private readonly closes = new Map<string, WritableSignal<readonly number[]>>();
  private readonly daily = new Map<string, WritableSignal<readonly Bar[]>>();
  private waiting: string[] = [];
  private fetching = 0;
  private series = new Map<string, BarSeries>();
  private asked = new Set<string>();
  private interval = '';
  private abort = new AbortController();

  constructor() {
    const leave = this.stream.subscribe({
      log: (events) => this.takeLog(events),
      reset: () => this.restart(this.interval),
    });
    inject(DestroyRef).onDestroy(() => {
      leave();
      this.abort.abort();
    });
    effect(() => {
      const interval = this.selection.interval();
      if (interval && interval !== this.interval) untracked(() => this.restart(interval));
    });
  }

  of(symbol: string): Signal<readonly number[]> {
    this.want(symbol);
    return this.cell(symbol);
  }

  /** The close of the last day that was over at `ts` (ms), null where none is known. */
  closeBefore(symbol: string, ts: number): number | null {
    return this.dailyCell(symbol)().findLast((bar) => bar.start + DAY_MS <= ts && bar.close !== null)?.close ?? null;
  }

  private restart(interval: string): void {
    this.abort.abort();
    this.abort = new AbortController();
    this.interval = interval;
    this.series = new Map();
    const looked = [...this.asked];
    this.asked = new Set();
    this.waiting = [];
    this.fetching = 0;
    for (const cell of this.closes.values()) cell.set([]);
    looked.forEach((symbol) => this.want(symbol));
  }

  private want(symbol: string): void {
    if (this.asked.has(symbol) || !this.interval || !symbol) return;
    this.asked.add(symbol);
    this.waiting.push(symbol);
    if (this.fetching < FETCHES_AT_ONCE) void this.work();
  }

  private async work(): Promise<void> {
    const { signal } = this.abort;
    this.fetching += 1;
    for (let symbol = this.waiting.shift(); symbol !== undefined; symbol = this.waiting.shift()) {
      await this.fetch(symbol, signal);
      if (signal.aborted) return;
    }
    this.fetching -= 1;
  }

  private async fetch(symbol: string, signal: AbortSignal): Promise<void> {
    try {
      const [page, days] = await Promise.all([
        this.api.bars(symbol, this.interval, { limit: HISTORY_BARS }, signal),
        this.api.bars(symbol, '1d', { limit: 4 }, signal),
      ]);
      if (signal.aborted) return;
      for (const bar of page.bars) if (bar.state !== 'forming') this.seriesOf(symbol).apply(bar);
      this.dailyCell(symbol).set(days.bars.filter((bar) => bar.state !== 'forming'));
      this.publish(symbol);
    } catch {
      // A sparkline without a past is drawn by the log alone; the price beside it still lives.
    }
  }

  private takeLog(events: readonly LogEvent[]): void {
    const touched = new Set<string>();
    for (const event of events) {
      if (event[1] !== 'bar' || !this.asked.has(event[2])) continue;
      if (event[3] === '1d') this.dailyCell(event[2]).update((days) => [...days.slice(-3), barOf(event)]);
      if (event[3] !== this.interval) continue;
      this.seriesOf(event[2]).apply(barOf(event));
      touched.add(event[2]);
    }
    touched.forEach((symbol) => this.publish(symbol));
  }

  private publish(symbol: string): void {
    const bars: readonly Bar[] = this.seriesOf(symbol).bars;
    const closes = bars.slice(-HISTORY_BARS).map((bar) => bar.close);
    this.cell(symbol).set(closes.filter((close) => close !== null));
  }

  private seriesOf(symbol: string): BarSeries {
    let series = this.series.get(symbol);
    if (!series) this.series.set(symbol, (series = new BarSeries(HISTORY_BARS * 2)));
    return series;
  }

  private dailyCell(symbol: string): WritableSignal<readonly Bar[]> {
    let cell = this.daily.get(symbol);
    if (!cell) this.daily.set(symbol, (cell = signal<readonly Bar[]>([])));
    return cell;
  }

  private cell(symbol: string): WritableSignal<readonly number[]> {
    let cell = this.closes.get(symbol);
    if (!cell) this.closes.set(symbol, (cell = signal<readonly number[]>([])));
    return cell;
  }
}
