import { ChangeDetectionStrategy, Component, computed, effect, inject, input, signal, viewChild } from '@angular/core';
import { Title } from '@angular/platform-browser';

import { Layout } from '../../core/layout/layout';
import { Quotes } from '../../core/market/quotes';
import { Selection } from '../../core/selection/selection';
import { Stream } from '../../core/stream/stream';
import { Zone } from '../../core/zone/zone';
import { Check } from '../../ui/check/check';
import { Icon } from '../../ui/icon/icon';
import { PanelState } from '../../ui/panel-state/panel-state';
import { Segmented } from '../../ui/segmented/segmented';
import { timeText } from '../../ui/text/time-text';
import { BarTable } from './bar-table';
import { ChartLegend } from './chart-legend';
import { ForecastPanel } from './forecast-panel';
import { LiveStore } from './live-store';
import { PhoneFigures } from './phone-figures';
import { PriceChart } from './price-chart';
import { PriceHead } from './price-head';
import { Watchlist } from './watchlist';
import { WatchlistHistory } from './watchlist-history';
import { WatchlistSheet } from './watchlist-sheet';

/** One symbol read from left to right: what happened, and what is said about it. */
@Component({
  selector: 'ca-live',
  imports: [
    BarTable,
    ChartLegend,
    Check,
    ForecastPanel,
    Icon,
    PanelState,
    PhoneFigures,
    PriceChart,
    PriceHead,
    Segmented,
    Watchlist,
    WatchlistSheet,
  ],
  providers: [LiveStore, WatchlistHistory],
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { '(document:keydown.end)': 'goLive($event)' },
  templateUrl: './live.html',
  styleUrl: './live.scss',
})
export class Live {
  /** From the address: `/live/AAPL?i=1m`. */
  readonly symbol = input<string>();
  readonly i = input<string>();

  protected readonly store = inject(LiveStore);
  protected readonly selection = inject(Selection);
  protected readonly layout = inject(Layout);
  protected readonly stream = inject(Stream);
  private readonly zone = inject(Zone);
  private readonly chart = viewChild(PriceChart);

  protected readonly volume = signal(true);
  protected readonly record = signal(true);
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
  protected readonly failure = computed(() => {
    const phase = this.store.phase();
    if (phase.phase !== 'failed') return '';
    const when = timeText(phase.at, this.zone.name(), 'second');
    return phase.status ? `${phase.status} from the hub, ${when}: ${phase.message}` : `${phase.message}, ${when}.`;
  });

  constructor() {
    const [title, quotes] = [inject(Title), inject(Quotes)];
    effect(() => this.selection.follow(this.symbol(), this.i()));
    effect(() => title.setTitle(`${this.selection.symbol() || quotes.symbols()[0] || 'Live'} · Live · Causal Alpha`));
  }

  protected goLive(event: Event): void {
    if (event.target instanceof HTMLElement && event.target.closest('input, dialog, ul, [popover]')) return;
    event.preventDefault();
    this.chart()?.goLive();
  }
}
