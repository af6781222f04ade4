import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';

import { familyName, isFallback, versionText } from '../../core/market/forecast';
import { Layout } from '../../core/layout/layout';
import { Selection } from '../../core/selection/selection';
import { Stream } from '../../core/stream/stream';
import { Zone } from '../../core/zone/zone';
import { Badge } from '../../ui/badge/badge';
import { PanelState } from '../../ui/panel-state/panel-state';
import { Segmented } from '../../ui/segmented/segmented';
import { ageText, barPrecision, timeText } from '../../ui/text/time-text';
import { LiveStore } from './live-store';
import { QuantileLadder } from './quantile-ladder';

/** What is said of the chosen symbol: the quantiles of one horizon and who says it. */
@Component({
  selector: 'ca-forecast-panel',
  imports: [Badge, PanelState, QuantileLadder, Segmented],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <header class="panel-head">
      <h2>Forecast</h2>
      @if (store.forecast(); as forecast) {
        @if (offline()) {
          <span class="sub bad"><i class="dot off"></i> offline</span>
        } @else if (late(); as age) {
          <span class="sub warn"><i class="dot stale"></i> {{ age }} old</span>
        } @else {
          <span class="sub" data-testid="forecast-made"
            >{{ roomy() ? 'made ' + time(forecast.made) + ' ' : '' }}for {{ time(forecast.due) }}</span
          >
        }
      }
      <ca-segmented
        class="small end"
        label="Horizon"
        [choices]="['1', '5']"
        [names]="['1 bar', '5 bars']"
        [value]="'' + store.horizon()"
        (valueChange)="store.horizon.set(+$event)"
      />
    </header>
    @if (store.forecast(); as forecast) {
      <ca-quantile-ladder [forecast]="forecast" [class.faded]="late() !== null" />
      <section class="model" aria-label="Model">
        <div class="name">
          <b>{{ forecast.family }}-{{ selection.interval() }}</b>
          <span class="version">{{ version() }}</span>
          @if (fallback()) {
            <ca-badge tone="fallback">Fallback {{ family() }}</ca-badge>
          } @else {
            <ca-badge>Champion</ca-badge>
          }
        </div>
        <p>
          {{ fallback() ? 'No trained model serves this interval yet, the floor speaks.' : 'The model in service.' }}
          Between 1 and 5 bars the fan is interpolated in √h, its 50 % edge between the levels beside it.
        </p>
      </section>
    } @else if (store.phase().phase === 'loading') {
      <ca-panel-state phase="loading" what="Loading the forecast" />
    } @else if (store.phase().phase === 'ready') {
      <ca-panel-state
        phase="empty"
        what="No forecast yet"
        [detail]="
          'The first comes when the windows of ' + selection.symbol() + ' at ' + selection.interval() + ' are full.'
        "
      />
    }
  `,
  styleUrl: './forecast-panel.scss',
})
export class ForecastPanel {
  protected readonly store = inject(LiveStore);
  protected readonly selection = inject(Selection);
  private readonly layout = inject(Layout);
  private readonly stream = inject(Stream);
  private readonly zone = inject(Zone);

  protected readonly family = computed(() => familyName(this.store.forecast()?.family ?? ''));
  /** Times with seconds, and the compact layout, leave room for one of the two. */
  protected readonly roomy = computed(
    () => !this.layout.compact() && barPrecision(this.selection.interval()) === 'minute',
  );
  protected readonly fallback = computed(() => {
    const forecast = this.store.forecast();
    return forecast !== null && isFallback(forecast);
  });
  protected readonly version = computed(() => versionText(this.store.forecast()?.version ?? ''));
  protected readonly offline = computed(() => this.stream.connection().phase === 'offline');
  /** Age of a forecast whose bar has long come due, by the newest bar; null while it is fresh. */
  protected readonly late = computed(() => {
    const [forecast, bar] = [this.store.forecast(), this.store.lastBar()];
    if (!forecast || !bar || bar.start <= forecast.due) return null;
    return ageText(bar.start - forecast.made);
  });

  protected time(ms: number): string {
    const precise = barPrecision(this.selection.interval()) === 'second' || ms % 60_000 !== 0;
    return timeText(ms, this.zone.name(), precise ? 'second' : 'minute');
  }
}
