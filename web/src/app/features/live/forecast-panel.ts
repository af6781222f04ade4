import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';

import { Layout } from '../../core/layout/layout';
import { isDaily } from '../../core/market/interval';
import { Selection } from '../../core/selection/selection';
import { Stream } from '../../core/stream/stream';
import { Zone } from '../../core/zone/zone';
import { PanelState } from '../../ui/panel-state/panel-state';
import { Segmented } from '../../ui/segmented/segmented';
import { ageText, barPrecision, endText, timeText } from '../../ui/text/time-text';
import { FamilyRecord } from './family-record';
import { FamilySwitch } from './family-switch';
import { LiveStore } from './live-store';
import { ModelCard } from './model-card';
import { QuantileLadder } from './quantile-ladder';
import { TrainedHint } from './trained-hint';

/** What is said of the chosen symbol: the quantiles of one horizon, the record of each family, and who says it. */
@Component({
  selector: 'ca-forecast-panel',
  imports: [FamilyRecord, FamilySwitch, ModelCard, PanelState, QuantileLadder, Segmented, TrainedHint],
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
            >{{ roomy() ? 'made ' + time(forecast.made) + ' ' : '' }}{{ tight() ? '' : 'for '
            }}{{ time(forecast.due) }}</span
          >
        }
      }
      <ca-segmented
        class="small end"
        label="Horizon"
        [choices]="horizons()"
        [names]="horizonNames()"
        [value]="'' + store.horizon()"
        (valueChange)="selection.chooseHorizon(+$event)"
      />
    </header>
    @if (store.forecast(); as forecast) {
      <div [class.faded]="late() !== null || offline()">
        @if (store.families().length > 1) {
          <ca-family-switch />
        }
        <ca-quantile-ladder [forecast]="forecast" />
      </div>
      <ca-family-record />
      <ca-model-card />
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
    } @else {
      <ca-panel-state
        phase="failed"
        what="The forecast did not load"
        detail="It comes with the bars."
        (retry)="store.load()"
      />
    }
    <ca-trained-hint />
  `,
  styleUrl: './forecast-panel.scss',
})
export class ForecastPanel {
  protected readonly store = inject(LiveStore);
  protected readonly selection = inject(Selection);
  private readonly layout = inject(Layout);
  private readonly stream = inject(Stream);
  private readonly zone = inject(Zone);

  protected readonly horizons = computed(() => this.store.horizons().map(String));
  protected readonly horizonNames = computed(() => this.store.horizons().map((n) => (n === 1 ? '1 bar' : `${n} bars`)));
  /** Times with seconds, and the compact layout, leave room for one of the two. */
  protected readonly roomy = computed(
    () => !this.layout.compact() && this.minutes() && !isDaily(this.selection.interval()),
  );
  /** A day beside the horizons of the compact layout leaves room for nothing else. */
  protected readonly tight = computed(() => this.layout.compact() && isDaily(this.selection.interval()));
  private readonly minutes = computed(() => barPrecision(this.selection.interval()) === 'minute');
  protected readonly offline = computed(() => this.stream.connection().phase === 'offline');
  /** Age of a forecast whose bar has long come due, by the newest bar; null while it is fresh. */
  protected readonly late = computed(() => {
    const [forecast, bar] = [this.store.forecast(), this.store.lastBar()];
    if (!forecast || !bar || bar.start <= forecast.due) return null;
    return ageText(bar.start - forecast.made);
  });

  protected time(ms: number): string {
    const zone = this.zone.name();
    // What was made within a minute, as bars by activity are, says its second.
    return this.minutes() && ms % 60_000 !== 0
      ? timeText(ms, zone, 'second')
      : endText(ms, zone, this.selection.interval());
  }
}
