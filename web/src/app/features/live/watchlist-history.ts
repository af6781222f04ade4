import { DestroyRef, effect, inject, Injectable, Signal, signal, untracked, WritableSignal } from '@angular/core';

import { HubApi } from '../../core/api/hub-api';
import { Bar } from '../../core/market/bar';
import { BarSeries } from '../../core/market/bar-series';
import { Quotes } from '../../core/market/quotes';
import { Selection } from '../../core/selection/selection';
import { barOf, LogEvent } from '../../core/stream/messages';
import { Stream } from '../../core/stream/stream';

export const HISTORY_BARS = 60;
const FETCHES_AT_ONCE = 4;

/** The last closes of each watched symbol at the page's interval: fetched once, then kept by the log. */
@Injectable()
export class WatchlistHistory {
  private readonly api = inject(HubApi);
  private readonly stream = inject(Stream);
  private readonly quotes = inject(Quotes);
  private readonly selection = inject(Selection);
  private readonly closes = new Map<string, WritableSignal<readonly number[]>>();
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
      const [interval, symbols] = [this.selection.interval(), this.quotes.symbols()];
      if (!interval) return;
      untracked(() => {
        if (interval !== this.interval) this.restart(interval);
        void this.fetch(symbols);
      });
    });
  }

  of(symbol: string): Signal<readonly number[]> {
    return this.cell(symbol);
  }

  private restart(interval: string): void {
    this.abort.abort();
    this.abort = new AbortController();
    this.interval = interval;
    this.series = new Map();
    this.asked = new Set();
    for (const cell of this.closes.values()) cell.set([]);
    void this.fetch(untracked(this.quotes.symbols));
  }

  private async fetch(symbols: readonly string[]): Promise<void> {
    const wanted = symbols.filter((symbol) => !this.asked.has(symbol));
    wanted.forEach((symbol) => this.asked.add(symbol));
    const [interval, { signal }] = [this.interval, this.abort];
    const one = async (): Promise<void> => {
      for (let symbol = wanted.shift(); symbol !== undefined; symbol = wanted.shift()) {
        try {
          const page = await this.api.bars(symbol, interval, { limit: HISTORY_BARS }, signal);
          if (signal.aborted) return;
          for (const bar of page.bars) if (bar.state !== 'forming') this.seriesOf(symbol).apply(bar);
          this.publish(symbol);
        } catch {
          // A sparkline without a past is drawn by the log alone; the price beside it still lives.
          if (signal.aborted) return;
        }
      }
    };
    await Promise.all(Array.from({ length: FETCHES_AT_ONCE }, one));
  }

  private takeLog(events: readonly LogEvent[]): void {
    const touched = new Set<string>();
    for (const event of events) {
      if (event[1] !== 'bar' || event[3] !== this.interval) continue;
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

  private cell(symbol: string): WritableSignal<readonly number[]> {
    let cell = this.closes.get(symbol);
    if (!cell) this.closes.set(symbol, (cell = signal<readonly number[]>([])));
    return cell;
  }
}
