import { ChangeDetectionStrategy, Component, computed, inject, viewChild } from '@angular/core';

import { versionText } from '../../core/market/forecast';
import { chanceBand } from '../../core/market/tally';
import { Selection } from '../../core/selection/selection';
import { Zone } from '../../core/zone/zone';
import { endText } from '../../ui/text/time-text';
import { LiveStore } from './live-store';
import { ModelDialog } from './model-dialog';
import { ModelRegistry } from './model-registry';
import { ScoreRecord } from './score-record';
import { TrainedHint } from './trained-hint';

/** The record and the model on a phone: three figures, the last of which opens the model's card, and the line that no page goes without. */
@Component({
  selector: 'ca-phone-figures',
  imports: [ModelDialog, TrainedHint],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (store.forecast(); as forecast) {
      <dl>
        <div>
          <dt>In 80 %{{ last() }}</dt>
          <dd>{{ hits() }}</dd>
          <dd class="note">{{ chance() }}</dd>
        </div>
        <div>
          <dt>CRPS / naive{{ last() }}</dt>
          <dd>{{ loss() }}</dd>
          <dd class="note" data-testid="forecast-made">made {{ made() }}</dd>
        </div>
        <div>
          <dt>Model</dt>
          <dd>
            <button type="button" aria-haspopup="dialog" (click)="card().open()">
              <b>{{ registry.name() }} {{ version() }}</b>
              <span [class.warn]="registry.state().tone === 'fallback'">{{ registry.state().text }}</span>
            </button>
          </dd>
        </div>
      </dl>
      <ca-model-dialog />
    } @else {
      <p class="none">
        {{ store.phase().phase === 'ready' ? 'No forecast yet. The first comes when the windows are full.' : '' }}
      </p>
    }
    <ca-trained-hint />
    <p>Forecasts are statistics about the past, not financial advice.</p>
  `,
  styleUrl: './phone-figures.scss',
})
export class PhoneFigures {
  protected readonly store = inject(LiveStore);
  protected readonly registry = inject(ModelRegistry);
  protected readonly card = viewChild.required(ModelDialog);
  private readonly record = inject(ScoreRecord);
  private readonly selection = inject(Selection);
  private readonly zone = inject(Zone);

  private readonly tally = computed(() => this.record.rolling().at(-1));
  protected readonly last = computed(() => (this.tally() ? `, last ${this.tally()!.n}` : ''));
  protected readonly hits = computed(() => {
    const tally = this.tally();
    return tally ? `${(tally.inside80 * 100).toFixed(1)} %` : '–';
  });
  protected readonly loss = computed(() => this.tally()?.ratio?.toFixed(3) ?? '–');
  protected readonly chance = computed(() => {
    const tally = this.tally();
    if (!tally) return 'none due yet';
    const [low, high] = chanceBand(0.8, tally.n, this.store.horizon());
    if (tally.inside80 > high) return 'more than chance';
    return tally.inside80 < low ? 'less than chance' : 'within chance';
  });
  protected readonly version = computed(() => versionText(this.store.forecast()?.version ?? ''));
  protected readonly made = computed(() =>
    endText(this.store.forecast()?.made ?? 0, this.zone.name(), this.selection.interval()),
  );
}
