import {
  ChangeDetectionStrategy,
  Component,
  computed,
  effect,
  inject,
  input,
  linkedSignal,
  signal,
  viewChild,
} from '@angular/core';
import { Title } from '@angular/platform-browser';

import { Layout } from '../../core/layout/layout';
import { Catalogue } from '../../core/market/catalogue';
import { familyToken } from '../../core/market/forecast';
import { byLength } from '../../core/market/interval';
import { Quotes } from '../../core/market/quotes';
import { Selection } from '../../core/selection/selection';
import { Stream } from '../../core/stream/stream';
import { Preferences } from '../../core/theme/preferences';
import { Zone } from '../../core/zone/zone';
import { Divider } from '../../ui/divider/divider';
import { PanelState } from '../../ui/panel-state/panel-state';
import { Segmented } from '../../ui/segmented/segmented';
import { timeText } from '../../ui/text/time-text';
import { BarTable } from './bar-table';
import { ChartLegend } from './chart-legend';
import { ChartMenu } from './chart-menu';
import { ChartTools } from './chart-tools';
import { barsCsv, save } from './export';
import { FamilySwitch } from './family-switch';
import { ForecastPanel } from './forecast-panel';
import { LiveStore } from './live-store';
import { ModelRegistry } from './model-registry';
import { PhoneFigures } from './phone-figures';
import { PriceChart } from './price-chart';
import { PriceHead } from './price-head';
import { RecordPanel } from './record-panel';
import { ScoreRecord } from './score-record';
import { ShownParts } from './shown-parts';
import { Watchlist } from './watchlist';
import { WatchlistHistory } from './watchlist-history';
import { WatchlistSheet } from './watchlist-sheet';

/** One symbol read from left to right: what happened, and what is said about it. */
@Component({
  selector: 'ca-live',
  imports: [
    BarTable,
    ChartLegend,
    ChartMenu,
    ChartTools,
    Divider,
    FamilySwitch,
    ForecastPanel,
    PanelState,
    PhoneFigures,
    PriceChart,
    PriceHead,
    RecordPanel,
    Segmented,
    Watchlist,
    WatchlistSheet,
  ],
  providers: [LiveStore, ModelRegistry, ScoreRecord, ShownParts, WatchlistHistory],
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { '(document:keydown.end)': 'goLive($event)', '[style.--fan]': 'hue()' },
  templateUrl: './live.html',
  styleUrl: './live.scss',
})
export class Live {
  /** From the address, see `Address`. */
  readonly symbol = input<string>();
  readonly i = input<string>();
  readonly h = input<string>();
  readonly f = input<string>();
  readonly show = input<string>();

  protected readonly store = inject(LiveStore);
  protected readonly selection = inject(Selection);
  protected readonly layout = inject(Layout);
  protected readonly stream = inject(Stream);
  private readonly zone = inject(Zone);
  private readonly chart = viewChild(PriceChart);

  protected readonly parts = inject(ShownParts);
  protected readonly table = signal(false);
  protected readonly cursor = signal<number | null>(null);

  protected readonly pointed = computed(() => {
    const at = this.cursor();
    const last = this.store.lastBar();
    return at === null ? last : (this.store.series.bars[at] ?? last);
  });
  protected readonly said = computed(() => {
    this.store.forecasts();
    const bar = this.pointed();
    return bar ? this.store.saidFor(bar.start) : undefined;
  });
  protected readonly chartLabel = computed(
    () =>
      `${this.selection.symbol()}, ${this.selection.interval()} candles with volume and forecast. Arrow keys move the crosshair.`,
  );
  private readonly catalogue = inject(Catalogue);
  /** The other intervals at which the symbol has bars. */
  protected readonly elsewhere = computed(() => {
    const [all, interval] = [this.catalogue.intervalsOf(this.selection.symbol()), this.selection.interval()];
    return byLength(all).filter((each) => each !== interval);
  });
  protected readonly firstBar = computed(() => {
    const symbol = this.selection.symbol();
    return this.elsewhere().length
      ? `${symbol} has bars at:`
      : `The first bar of ${symbol} appears with its first trade.`;
  });
  private readonly preferences = inject(Preferences);
  protected readonly firstWidth = computed(() => (this.layout.compact() ? 264 : 312));
  protected readonly sideWidth = linkedSignal(() => this.keptSize('side-width', this.firstWidth()));
  protected readonly recordHeight = signal(this.keptSize('record-height', 190));
  protected readonly horizons = computed(() => this.store.horizons().map(String));
  protected readonly horizonNames = computed(() =>
    this.store.horizons().map((n) => (n === 1 ? '1 bar ahead' : `${n} bars ahead`)),
  );
  /** A stand-in has no hue of its own: what is served is drawn in the forecast's. */
  protected readonly hue = computed(() => {
    const token = familyToken(this.store.family() ?? 'blend');
    return `var(--${token === 'floor' ? 'blend' : token})`;
  });
  protected readonly failure = computed(() => {
    const phase = this.store.phase();
    if (phase.phase !== 'failed') return '';
    const when = timeText(phase.at, this.zone.name(), 'second');
    return phase.status ? `${phase.status} from the hub, ${when}: ${phase.message}` : `${phase.message}, ${when}.`;
  });

  constructor() {
    const [title, quotes] = [inject(Title), inject(Quotes)];
    effect(() =>
      this.selection.follow({
        symbol: this.symbol(),
        interval: this.i(),
        horizon: this.h(),
        family: this.f(),
        show: this.show(),
      }),
    );
    effect(() => {
      if (this.sideWidth() !== this.firstWidth()) this.preferences.write('side-width', String(this.sideWidth()));
      this.preferences.write('record-height', String(this.recordHeight()));
    });
    effect(() => title.setTitle(`${this.selection.symbol() || quotes.symbols()[0] || 'Live'} · Live · Causal Alpha`));
  }

  protected reload(): void {
    location.reload();
  }

  protected saveCsv(): void {
    const levels = this.stream.hello()?.levels ?? [];
    const text = barsCsv(this.store.series.bars, levels, (start) => this.store.saidFor(start));
    save(`${this.fileName()}.csv`, new Blob([text], { type: 'text/csv' }));
  }

  protected savePng(): void {
    this.chart()
      ?.picture()
      ?.toBlob((picture) => picture && save(`${this.fileName()}.png`, picture));
  }

  /** As the reader left it on this device, if that still is a size. */
  private keptSize(name: string, first: number): number {
    const kept = Number(this.preferences.text(name));
    return kept >= 120 && kept <= 480 ? kept : first;
  }

  private fileName(): string {
    const last = this.store.lastBar()?.start ?? 0;
    return `${this.selection.symbol()}-${this.selection.interval()}-${new Date(last).toISOString().slice(0, 19)}`;
  }

  protected goLive(event: Event): void {
    if (event.target instanceof HTMLElement && event.target.closest('input, dialog, ul, [popover]')) return;
    event.preventDefault();
    this.chart()?.goLive();
  }
}
