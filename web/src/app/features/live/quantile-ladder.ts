import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';

import { Forecast, priceAt } from '../../core/market/forecast';
import { Stream } from '../../core/stream/stream';
import { basisPointsText, levelText, percentText, priceText } from '../../ui/text/number-text';
import { densities } from './density';

/** The edges of the fan's shares and the median. */
const LADDER = [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975];

/** From this distance of the highest quantile on, a share of the price, all of them are in per cent. */
const IN_PERCENT = 0.05;

/** The quantiles as an order book: the bar's length is the density there over the highest one. */
@Component({
  selector: 'ca-quantile-ladder',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <table [attr.aria-label]="label()">
      <colgroup>
        <col class="level" />
        <col />
        <col class="distance" />
      </colgroup>
      <thead class="visually-hidden">
        <tr>
          <th scope="col">Level</th>
          <th scope="col">Price</th>
          <th scope="col">From the price</th>
        </tr>
      </thead>
      <tbody>
        @for (row of rows(); track row.level) {
          <tr [class.median]="row.median">
            <th scope="row">{{ row.level }}</th>
            <td class="bar" [style.--width]="row.width" [style.--opacity.%]="row.opacity">{{ row.price }}</td>
            <td class="from">{{ row.from }}</td>
          </tr>
        }
      </tbody>
    </table>
  `,
  styleUrl: './quantile-ladder.scss',
})
export class QuantileLadder {
  readonly forecast = input.required<Forecast>();
  private readonly stream = inject(Stream);
  protected readonly label = computed(() => `Quantiles of the price in ${this.forecast().horizon} bars`);
  protected readonly rows = computed(() => {
    const { quantiles, price } = this.forecast();
    const levels = this.stream.hello()?.levels ?? [];
    const widths = densities(quantiles, levels);
    const far = Math.abs(quantiles.at(-1)! / price - 1) >= IN_PERCENT;
    const distance = far ? percentText : basisPointsText;
    const rows = LADDER.map((level) => {
      const quantile = priceAt(quantiles, levels, level);
      return {
        level: levelText(level),
        median: Math.abs(level - 0.5) < 1e-9,
        price: priceText(quantile),
        from: distance(quantile, price),
        width: priceAt(widths, levels, level),
        opacity: opacity(level),
      };
    });
    return rows.reverse();
  });
}

/** Tails are faint, the middle is strong, in the steps of the fan. */
function opacity(level: number): number {
  const tail = Math.abs(level - 0.5);
  if (tail < 1e-9) return 64;
  if (tail < 0.25) return 40;
  return tail < 0.41 ? 24 : 14;
}
