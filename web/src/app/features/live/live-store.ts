import { computed, DestroyRef, effect, inject, Injectable, signal, untracked } from '@angular/core';

import { HubApi, HubError } from '../../core/api/hub-api';
import { SessionRow } from '../../core/api/schema';
import { Bar, isPriced } from '../../core/market/bar';
import { BarChange, BarSeries } from '../../core/market/bar-series';
import { Forecast } from '../../core/market/forecast';
import { intervalMs } from '../../core/market/interval';
import { Selection } from '../../core/selection/selection';
import { barOf, BarLog, BarState, forecastOf, ForecastLog, LogEvent, StateEvent } from '../../core/stream/messages';
import { Stream } from '../../core/stream/stream';
import { fanOf } from './fan';
import { speakingFamilies } from './family-choice';
import { Said } from './said';

/** Told of every change, outside change detection; `null` means that everything may be new. */
export type SeriesListener = (change: { readonly kind: BarChange; readonly bar: Bar } | null) => void;

export type LoadPhase =
  | { readonly phase: 'loading' | 'ready' }
  | { readonly phase: 'failed'; readonly status: number; readonly message: string; readonly at: number };

const DAY_MS = 86_400_000;
const FIRST_PAGE = 600;
const FORECAST_PAGE = 600;
const OLDER_PAGE = 600;
/** More bars at once than this, as after a resume, are drawn anew together. */
const MANY_BARS = 20;
/** Sessions are known this far ahead, ms, so that a page that stays open knows the next ones. */
const SESSIONS_AHEAD = 30 * DAY_MS;

/** Bars and forecasts of the chosen symbol and interval: a snapshot over HTTP, then what the stream adds to it. */
@Injectable()
export class LiveStore {
  readonly phase = signal<LoadPhase>({ phase: 'loading' });
  readonly series = new BarSeries();
  /** Sessions of the symbol's exchange, from the oldest bar on; none before the hub has told. */
  sessions: readonly SessionRow[] = [];
  /** The newest bar with prices. */
  readonly lastBar = signal<Bar | null>(null);
  /** The newest forecast of each family and horizon. */
  private readonly newest = signal<readonly Forecast[]>([]);
  /** Families that speak, the served one first. */
  readonly families = computed(() => speakingFamilies(this.newest(), intervalMs(this.selection.interval())), {
    equal: (a, b) => a.join() === b.join(),
  });
  /** The chosen family is the address's if it speaks, else the served one. */
  readonly family = computed(() => {
    const [asked, families] = [this.selection.family(), this.families()];
    return asked !== null && families.includes(asked) ? asked : (families[0] ?? null);
  });
  /** The newest forecast of each horizon by the chosen family, nearest first. */
  readonly forecasts = computed(() => this.newest().filter((each) => each.family === this.family()));
  readonly fan = computed(() => {
    const made = Math.max(...this.forecasts().map((each) => each.made));
    return fanOf(this.forecasts().filter((each) => each.made === made));
  });
  readonly horizons = computed(() => {
    const said = [...new Set(this.newest().map((each) => each.horizon))].sort((a, b) => a - b);
    return said.length ? said : [1, 5];
  });
  readonly horizon = computed(() => {
    const [asked, horizons] = [this.selection.horizon(), this.horizons()];
    return asked !== null && horizons.includes(asked) ? asked : horizons.at(-1)!;
  });
  readonly forecast = computed(() => this.forecasts().find((each) => each.horizon === this.horizon()) ?? null);
  /** What each family says for the chosen horizon, the served one first. */
  readonly rivals = computed(() =>
    this.families().flatMap(
      (family) => this.newest().find((each) => each.family === family && each.horizon === this.horizon()) ?? [],
    ),
  );

  private readonly api = inject(HubApi);
  private readonly stream = inject(Stream);
  private readonly selection = inject(Selection);
  private readonly listeners = new Set<SeriesListener>();
  private said = new Said();
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

  /** What the chosen family said, `horizon` bars before, about the bar that starts at `start`. */
  saidFor(start: number, horizon = this.horizon()): Forecast | undefined {
    const family = this.family();
    return this.said.of(start, horizon, family === this.families()[0] ? null : family);
  }

  async load(): Promise<void> {
    const [symbol, interval] = [this.selection.symbol(), this.selection.interval()];
    this.abort.abort();
    const { signal } = (this.abort = new AbortController());
    this.early = [];
    this.forming = null;
    this.noOlder = false;
    this.sessions = [];
    this.phase.set({ phase: 'loading' });
    try {
      const [bars, forecasts] = await Promise.all([
        this.api.bars(symbol, interval, { limit: FIRST_PAGE }, signal),
        this.api.forecasts(symbol, interval, { limit: FORECAST_PAGE }, signal),
      ]);
      if (signal.aborted) return;
      this.series.reset(bars.bars);
      this.said = new Said();
      this.newest.set([]);
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
      void this.loadSessions();
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
      if (added) void this.loadSessions();
    } catch {
      // Older bars are a nicety: the next pan to the left asks again.
      this.noOlder = false;
    }
  }

  private async loadSessions(): Promise<void> {
    const [first, last] = [this.series.bars[0], this.series.last];
    if (!first || !last || intervalMs(this.selection.interval()) >= DAY_MS) return;
    const { signal } = this.abort;
    try {
      const sessions = await this.api.sessions(
        this.selection.symbol(),
        first.start,
        last.start + SESSIONS_AHEAD,
        signal,
      );
      if (signal.aborted) return;
      this.sessions = sessions;
      this.tell(null);
    } catch {
      // The chart is whole without its shading.
    }
  }

  private takeLog(events: readonly LogEvent[]): void {
    const mine = events.filter((event) => this.concerns(event));
    if (this.early) {
      this.early.push(...mine);
      return;
    }
    const [bars, forecasts]: [Bar[], Forecast[]] = [[], []];
    for (const event of mine) {
      if (event[1] === 'bar') bars.push(barOf(event));
      else forecasts.push(forecastOf(event));
    }
    if (bars.length > MANY_BARS) this.applyMany(bars);
    else bars.forEach((bar) => this.apply(bar));
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

  private applyMany(bars: readonly Bar[]): void {
    for (const bar of bars) this.series.apply(bar);
    this.findLast();
    this.tell(null);
  }

  private addForecasts(forecasts: readonly Forecast[]): void {
    const newest = new Map(this.newest().map((each) => [`${each.family} ${each.horizon}`, each]));
    const length = intervalMs(this.selection.interval());
    for (const forecast of forecasts) {
      this.said.add(forecast, length);
      const key = `${forecast.family} ${forecast.horizon}`;
      const present = newest.get(key);
      if (!present || present.start <= forecast.start) newest.set(key, forecast);
    }
    this.newest.set([...newest.values()].sort((a, b) => a.horizon - b.horizon));
  }

  private findLast(): void {
    this.lastBar.set(this.series.bars.findLast(isPriced) ?? null);
  }

  private tell(change: Parameters<SeriesListener>[0]): void {
    for (const listener of this.listeners) listener(change);
  }
}
