import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';

import { HubApi } from '../../core/api/hub-api';
import { polled } from '../../core/api/polled';
import { FeaturesReply } from '../../core/api/schema';
import { isDaily } from '../../core/market/interval';
import { Quotes } from '../../core/market/quotes';
import { Selection } from '../../core/selection/selection';
import { Zone } from '../../core/zone/zone';
import { Panel } from '../../ui/panel/panel';
import { sparkPath } from '../../ui/plot/line-path';
import { Segmented } from '../../ui/segmented/segmented';
import { priceText, signedText } from '../../ui/text/number-text';
import { dateText, startText } from '../../ui/text/time-text';
import { FeatureLine, linesOf, valueText } from './feature-line';

const EVERY_MS = 3_000;
const VECTORS = 200;
/** Standard deviations from which a feature is said to have moved. */
const MOVED = 3;

/** What the models are given: the last vector of a symbol, how full its windows are, what is missing, what moved. */
@Component({
  selector: 'ca-vectors',
  imports: [Panel, Segmented],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './vectors.html',
  styleUrl: './vectors.scss',
})
export class VectorsPage {
  private readonly api = inject(HubApi);
  private readonly zone = inject(Zone);
  protected readonly selection = inject(Selection);
  protected readonly quotes = inject(Quotes);
  /** What this page was told to show; until then, what the Live page shows. */
  private readonly chosen = signal<{ symbol?: string; interval?: string }>({});
  protected readonly symbol = computed(() => this.chosen().symbol ?? this.selection.symbol());
  protected readonly interval = computed(() => this.chosen().interval ?? this.selection.interval());

  protected readonly vectors = polled(
    (abort) =>
      this.api.get<FeaturesReply>(
        `features/${encodeURIComponent(this.symbol())}`,
        { interval: this.interval(), limit: VECTORS },
        abort,
      ),
    EVERY_MS,
    () => (this.symbol() && this.interval() ? `${this.symbol()} ${this.interval()}` : ''),
  );
  protected readonly lines = computed(() => {
    const reply = this.vectors.value();
    return reply ? linesOf(reply) : [];
  });
  protected readonly last = computed(() => this.vectors.value()?.features.at(-1) ?? null);
  /** The widest window: what the time axis of the bars spans. */
  protected readonly widest = computed(() => Math.max(1, ...this.lines().map((line) => line.lookback ?? 0)));
  protected readonly filled = computed(() => this.vectors.value()?.window?.filled ?? null);
  protected readonly waiting = computed(() => this.lines().filter((line) => !line.ready));
  protected readonly moved = computed(() => this.lines().filter((line) => Math.abs(line.shift ?? 0) >= MOVED));
  protected readonly caption = computed(() => {
    const last = this.last();
    if (!last) return '';
    const [zone, interval] = [this.zone.name(), this.interval()];
    const start = startText(last.start, zone, interval);
    const when = isDaily(interval) ? `of ${start}` : `that began ${dateText(last.start, zone)} ${start}`;
    return `of the bar ${when}, close ${priceText(last.close)}`;
  });

  protected chooseSymbol(symbol: string): void {
    this.chosen.update((chosen) => ({ ...chosen, symbol }));
  }

  protected chooseInterval(interval: string): void {
    this.chosen.update((chosen) => ({ ...chosen, interval }));
  }

  protected readonly value = valueText;

  protected spark(line: FeatureLine): string {
    return sparkPath(line.values.slice(-60), 96, 20);
  }

  protected missing(line: FeatureLine): string {
    if (line.missing === 0) return '0 %';
    return line.missing < 0.01 ? '< 1 %' : `${Math.round(line.missing * 100)} %`;
  }

  protected shift(line: FeatureLine): string {
    return line.shift === null ? '–' : `${signedText(line.shift, 1)} σ`;
  }

  protected hasMoved(line: FeatureLine): boolean {
    return Math.abs(line.shift ?? 0) >= MOVED;
  }

  protected width(bars: number | null): number {
    return bars === null ? 0 : (Math.min(bars, this.widest()) / this.widest()) * 100;
  }
}
