import { computed, DestroyRef, effect, inject, Injectable, signal, untracked } from '@angular/core';

import { HubApi, HubError } from '../../core/api/hub-api';
import { Bar, isPriced } from '../../core/market/bar';
import { BarChange, BarSeries } from '../../core/market/bar-series';
import { Forecast } from '../../core/market/forecast';
import { Selection } from '../../core/selection/selection';
import { barOf, BarLog, BarState, forecastOf, ForecastLog, LogEvent, StateEvent } from '../../core/stream/messages';
import { Stream } from '../../core/stream/stream';
import { intervalMs } from '../../ui/text/time-text';
import { fanOf } from './fan';

/** Told of every change, outside change detection; `null` means that everything may be new. */
export type SeriesListener = (change: { readonly kind: BarChange; readonly bar: Bar } | null) => void;

export type LoadPhase =
  | { readonly phase: 'loading' | 'ready' }
  | { readonly phase: 'failed'; readonly status: number; readonly message: string; readonly at: number };

const FIRST_PAGE = 600;
const FORECAST_PAGE = 600;
const OLDER_PAGE = 600;
const SAID_LIMIT = 4000;

/** Bars and forecasts of the chosen symbol and interval: a snapshot over HTTP, then what the stream adds to it. */
@Injectable()
export class LiveStore {
  readonly phase = signal<LoadPhase>({ phase: 'loading' });
  readonly series = new BarSeries();
  /** The newest bar with prices. */
  readonly lastBar = signal<Bar | null>(null);
  /** The newest forecast of each horizon, nearest first. */
  readonly forecasts = signal<readonly Forecast[]>([]);
  readonly fan = computed(() => {
    const made = Math.max(...this.forecasts().map((each) => each.made));
    return fanOf(this.forecasts().filter((each) => each.made === made));
  });
  readonly horizon = signal(5);
  readonly forecast = computed(() => this.forecasts().find((each) => each.horizon === this.horizon()) ?? null);

  private readonly api = inject(HubApi);
  private readonly stream = inject(Stream);
  private readonly selection = inject(Selection);
  private readonly listeners = new Set<SeriesListener>();
  /** By horizon, then by start of the bar it is about. */
  private said = new Map<number, Map<number, Forecast>>();
  private early: LogEvent[] | null = [];
  private forming: BarState | null = null;
  private abort = new AbortController();
  private key = '';
  private noOlder = false;

  constructor() {
    const leave = this.stream.subscribe({
      log: (events) => this.takeLog(events),
      state: (events) => this.takeState(events),
      reset: () => void this.load(),
    });
    inject(DestroyRef).onDestroy(() => {
      leave();
      this.abort.abort();
    });
    effect(() => {
      const key = `${this.selection.symbol()} ${this.selection.interval()}`;
      if (key.startsWith(' ') || key.endsWith(' ') || key === this.key) return;
      this.key = key;
      untracked(() => void this.load());
    });
  }

  listen(listener: SeriesListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** What was said, `horizon` bars before, about the bar that starts at `start`. */
  saidFor(start: number, horizon = this.horizon()): Forecast | undefined {
    return this.said.get(horizon)?.get(start);
  }

  async load(): Promise<void> {
    const [symbol, interval] = [this.selection.symbol(), this.selection.interval()];
    this.abort.abort();
    const { signal } = (this.abort = new AbortController());
    this.early = [];
    this.forming = null;
    this.noOlder = false;
    this.phase.set({ phase: 'loading' });
    try {
      const [bars, forecasts] = await Promise.all([
        this.api.bars(symbol, interval, { limit: FIRST_PAGE }, signal),
        this.api.forecasts(symbol, interval, { limit: FORECAST_PAGE }, signal),
      ]);
      if (signal.aborted) return;
      this.series.reset(bars.bars);
      this.said = new Map();
      this.forecasts.set([]);
      this.addForecasts(forecasts.forecasts);
      const [early, forming] = [this.early, this.forming as BarState | null];
      this.early = null;
      for (const event of early) {
        if (event[1] === 'bar' && event[0] > bars.seq) this.series.apply(barOf(event));
        if (event[1] === 'forecast' && event[0] > forecasts.seq) this.addForecasts([forecastOf(event)]);
      }
      if (forming) this.series.apply(barOf(forming));
      this.findLast();
      this.phase.set({ phase: 'ready' });
      this.tell(null);
    } catch (error) {
      if (signal.aborted) return;
      const status = error instanceof HubError ? error.status : 0;
      this.phase.set({ phase: 'failed', status, message: (error as Error).message, at: Date.now() });
    }
  }

  /** Fetches the page of bars before the oldest one here. */
  async loadOlder(): Promise<void> {
    const first = this.series.bars[0];
    if (!first || this.noOlder || this.phase().phase !== 'ready') return;
    this.noOlder = true;
    const { signal } = this.abort;
    const [symbol, interval] = [this.selection.symbol(), this.selection.interval()];
    try {
      const page = await this.api.bars(symbol, interval, { end: first.start, limit: OLDER_PAGE }, signal);
      if (signal.aborted) return;
      const added = this.series.prepend(page.bars);
      this.noOlder = added === 0;
      if (added) this.tell(null);
    } catch {
      // Older bars are a nicety: the next pan to the left asks again.
      this.noOlder = false;
    }
  }

  private takeLog(events: readonly LogEvent[]): void {
    const mine = events.filter((event) => this.concerns(event));
    if (this.early) {
      this.early.push(...mine);
      return;
    }
    const forecasts: Forecast[] = [];
    for (const event of mine) {
      if (event[1] === 'bar') this.apply(barOf(event));
      else forecasts.push(forecastOf(event));
    }
    if (forecasts.length) this.addForecasts(forecasts);
  }

  private takeState(events: readonly StateEvent[]): void {
    for (const event of events) {
      if (event[0] !== 'bar' || `${event[1]} ${event[2]}` !== this.key) continue;
      if (this.early) this.forming = event;
      else this.apply(barOf(event));
    }
  }

  private concerns(event: LogEvent): event is BarLog | ForecastLog {
    return (event[1] === 'bar' || event[1] === 'forecast') && `${event[2]} ${event[3]}` === this.key;
  }

  private apply(bar: Bar): void {
    const kind = this.series.apply(bar);
    if (kind === 'ignore') return;
    this.findLast();
    this.tell({ kind, bar });
  }

  private addForecasts(forecasts: readonly Forecast[]): void {
    const newest = new Map(this.forecasts().map((each) => [each.horizon, each]));
    const length = intervalMs(this.selection.interval());
    for (const forecast of forecasts) {
      const said = this.said.get(forecast.horizon) ?? new Map<number, Forecast>();
      this.said.set(forecast.horizon, said.set(forecast.due - length, forecast));
      if (said.size > SAID_LIMIT) for (const old of [...said.keys()].slice(0, SAID_LIMIT / 4)) said.delete(old);
      const present = newest.get(forecast.horizon);
      if (!present || present.start <= forecast.start) newest.set(forecast.horizon, forecast);
    }
    this.forecasts.set([...newest.values()].sort((a, b) => a.horizon - b.horizon));
  }

  private findLast(): void {
    this.lastBar.set(this.series.bars.findLast(isPriced) ?? null);
  }

  private tell(change: Parameters<SeriesListener>[0]): void {
    for (const listener of this.listeners) listener(change);
  }
}
