import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';

import { Bar, isPriced } from '../../core/market/bar';
import { Forecast, priceAt } from '../../core/market/forecast';
import { Layout } from '../../core/layout/layout';
import { Selection } from '../../core/selection/selection';
import { Stream } from '../../core/stream/stream';
import { Zone } from '../../core/zone/zone';
import { PriceChange } from '../../ui/price-change/price-change';
import { basisPointsText, priceDigits, priceText, volumeText } from '../../ui/text/number-text';
import { endText, startText } from '../../ui/text/time-text';

/** One line of real text: the bar under the crosshair or the last one, then what had been said for it. */
@Component({
  selector: 'ca-chart-legend',
  imports: [PriceChange],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (bar(); as bar) {
      <div class="bar" data-testid="legend-bar">
        <span>{{ time(bar.start) }}</span>
        @if (priced(); as shown) {
          <span
            >O <b>{{ price(shown.open) }}</b></span
          >
          <span
            >H <b>{{ price(shown.high) }}</b></span
          >
          <span
            >L <b>{{ price(shown.low) }}</b></span
          >
          <span
            >C <b>{{ price(shown.close) }}</b></span
          >
          <ca-price-change [change]="shown.close - shown.open" [text]="move()" />
          @if (!layout.phone()) {
            <span
              >Volume <b>{{ volume() }}</b></span
            >
          }
          @if (note() && wide()) {
            <span>{{ note() }}</span>
          }
        } @else {
          <span><em>No data from the feed.</em> No price, no forecast.</span>
        }
      </div>
      @if (!layout.phone() && verdict(); as said) {
        <div class="said">
          <span>
            <i class="hue"></i>Said at {{ made(said.made) }}{{ wide() ? ': median' : '' }}
            @if (wide()) {
              <b>{{ said.median }}</b>
            }
          </span>
          <span
            >80 % <b>{{ said.inner }}</b></span
          >
          @if (wide()) {
            <span
              >95 % <b>{{ said.outer }}</b></span
            >
          }
          @if (said.truth && wide()) {
            <span
              >Truth <b>{{ said.truth }}</b></span
            >
          }
        </div>
      }
    }
  `,
  styleUrl: './chart-legend.scss',
})
export class ChartLegend {
  readonly bar = input.required<Bar | null>();
  readonly said = input<Forecast | undefined>();
  protected readonly layout = inject(Layout);
  private readonly selection = inject(Selection);
  private readonly stream = inject(Stream);
  private readonly zone = inject(Zone);

  protected readonly wide = computed(() => !this.layout.phone() && !this.layout.compact());
  protected readonly priced = computed(() => {
    const bar = this.bar();
    return bar && isPriced(bar) ? bar : null;
  });
  protected readonly move = computed(() => {
    const bar = this.priced();
    return bar ? basisPointsText(bar.close, bar.open) : '';
  });
  protected readonly volume = computed(() => volumeText(this.bar()?.volume ?? null));
  protected readonly note = computed(() => {
    const bar = this.bar();
    if (bar?.state === 'forming') return 'forming';
    if (bar?.quality === 'no_trade') return 'no trade';
    return bar?.state === 'revised' ? `revised ${bar.revision}×` : bar?.quality === 'partial' ? 'partial' : '';
  });
  protected readonly verdict = computed(() => {
    const [said, levels] = [this.said(), this.stream.hello()?.levels];
    if (!said || !levels) return null;
    const at = (level: number): number => priceAt(said.quantiles, levels, level);
    const span = (low: number, high: number): string => `${this.price(at(low))} to ${this.price(at(high))}`;
    const bar = this.priced();
    const truth = !bar || bar.state === 'forming' ? '' : place(bar.close, at(0.1), at(0.9));
    return { made: said.made, median: this.price(at(0.5)), inner: span(0.1, 0.9), outer: span(0.025, 0.975), truth };
  });

  protected time(ms: number): string {
    return startText(ms, this.zone.name(), this.selection.interval());
  }

  protected made(ms: number): string {
    return endText(ms, this.zone.name(), this.selection.interval());
  }

  protected price(price: number): string {
    return priceText(price, priceDigits(this.priced()?.close ?? price));
  }
}

function place(price: number, low: number, high: number): string {
  if (price > high) return 'above 80 %';
  return price < low ? 'below 80 %' : 'inside 80 %';
}
