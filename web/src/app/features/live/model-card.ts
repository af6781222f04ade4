import { ChangeDetectionStrategy, Component, computed, inject, viewChild } from '@angular/core';

import { isFallback, versionText } from '../../core/market/forecast';
import { Selection } from '../../core/selection/selection';
import { Zone } from '../../core/zone/zone';
import { Badge } from '../../ui/badge/badge';
import { dateText, endText } from '../../ui/text/time-text';
import { LiveStore } from './live-store';
import { ModelDialog } from './model-dialog';
import { ModelRegistry } from './model-registry';

/** Who says it: name, version, state; behind it the card with all that the registry knows of the version. */
@Component({
  selector: 'ca-model-card',
  imports: [Badge, ModelDialog],
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { role: 'region', 'aria-label': 'Model' },
  template: `
    <div class="name">
      <b>{{ registry.name() }}</b>
      <span class="version">{{ version() }}</span>
      <ca-badge [tone]="registry.state().tone">{{ registry.state().text }}</ca-badge>
      <button class="card" type="button" (click)="open()">Model card</button>
    </div>
    <dl>
      <dt>Trained until</dt>
      <dd>{{ until() }}</dd>
      <dt>Data until</dt>
      <dd>{{ dataUntil() }}</dd>
    </dl>
    <ca-model-dialog />
  `,
  styleUrl: './model-card.scss',
})
export class ModelCard {
  protected readonly registry = inject(ModelRegistry);
  private readonly store = inject(LiveStore);
  private readonly selection = inject(Selection);
  private readonly zone = inject(Zone);
  private readonly dialog = viewChild.required(ModelDialog);

  protected readonly version = computed(() => versionText(this.store.forecast()?.version ?? ''));
  protected readonly fallback = computed(() => {
    const forecast = this.store.forecast();
    return forecast !== null && isFallback(forecast);
  });
  protected readonly until = computed(() => {
    const until = this.registry.until();
    const ms = /^\d+$/.test(until) ? Number(until) : Date.parse(until);
    // A day of the data, not a moment: no zone may move it.
    if (until && Number.isFinite(ms)) return dateText(ms, 'UTC');
    return until || (this.fallback() ? 'untrained' : 'unknown');
  });
  protected readonly dataUntil = computed(() => {
    const forecast = this.store.forecast();
    return forecast ? endText(forecast.made, this.zone.name(), this.selection.interval()) : '–';
  });
  protected open(): void {
    this.dialog().open();
  }
}
