import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';

import { familyName, isFallback, priceAt, versionText } from '../../core/market/forecast';
import { Selection } from '../../core/selection/selection';
import { Stream } from '../../core/stream/stream';
import { Zone } from '../../core/zone/zone';
import { basisPointsText, priceText } from '../../ui/text/number-text';
import { barPrecision, timeText } from '../../ui/text/time-text';
import { LiveStore } from './live-store';

/** The forecast panel of a phone: three figures and the line that no page goes without. */
@Component({
  selector: 'ca-phone-figures',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (figures(); as shown) {
      <dl>
        <div>
          <dt>Median</dt>
          <dd>{{ shown.median }}</dd>
          <dd class="note">{{ shown.from }}</dd>
        </div>
        <div>
          <dt>Half of 80 %</dt>
          <dd>{{ shown.half }}</dd>
          <dd class="note" data-testid="forecast-made">made {{ shown.made }}</dd>
        </div>
        <div>
          <dt>Model</dt>
          <dd class="model">{{ shown.model }}</dd>
          <dd class="note" [class.warn]="shown.fallback">
            {{ shown.fallback ? 'Fallback' : 'Champion' }} {{ shown.version }}
          </dd>
        </div>
      </dl>
    } @else {
      <p class="none">
        {{ store.phase().phase === 'ready' ? 'No forecast yet. The first comes when the windows are full.' : '' }}
      </p>
    }
    <p>Forecasts are statistics about the past, not financial advice.</p>
  `,
  styleUrl: './phone-figures.scss',
})
export class PhoneFigures {
  protected readonly store = inject(LiveStore);
  private readonly selection = inject(Selection);
  private readonly stream = inject(Stream);
  private readonly zone = inject(Zone);

  protected readonly figures = computed(() => {
    const [forecast, levels] = [this.store.forecast(), this.stream.hello()?.levels];
    if (!forecast || !levels) return null;
    const at = (level: number): number => priceAt(forecast.quantiles, levels, level);
    return {
      median: priceText(at(0.5)),
      from: basisPointsText(at(0.5), forecast.price),
      half: `±${(((at(0.9) - at(0.1)) / 2 / forecast.price) * 10_000).toFixed(1)} bp`,
      made: timeText(forecast.made, this.zone.name(), barPrecision(this.selection.interval())),
      model: `${familyName(forecast.family)}-${this.selection.interval()}`,
      version: versionText(forecast.version),
      fallback: isFallback(forecast),
    };
  });
}
