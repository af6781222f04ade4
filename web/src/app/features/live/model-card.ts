import { ChangeDetectionStrategy, Component, computed, ElementRef, inject, viewChild } from '@angular/core';
import { RouterLink } from '@angular/router';

import { isFallback, versionText } from '../../core/market/forecast';
import { Selection } from '../../core/selection/selection';
import { Zone } from '../../core/zone/zone';
import { Badge } from '../../ui/badge/badge';
import { barPrecision, dateText, timeText } from '../../ui/text/time-text';
import { LiveStore } from './live-store';
import { ModelRegistry } from './model-registry';

/** Who says it: name, version, state; behind it the card with all that the registry knows of the version. */
@Component({
  selector: 'ca-model-card',
  imports: [Badge, RouterLink],
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
    <dialog #card closedby="any" aria-labelledby="model-card-title">
      <h2 id="model-card-title">{{ registry.name() }} {{ version() }}</h2>
      <p>{{ story() }}</p>
      @if (facts().length) {
        <dl>
          @for (fact of facts(); track fact[0]) {
            <dt>{{ fact[0] }}</dt>
            <dd>{{ fact[1] }}</dd>
          }
        </dl>
      }
      <p class="note">
        Between the horizons of the record the fan is interpolated in √h, its 50 % edge between the levels beside it.
      </p>
      <footer>
        <a class="btn" routerLink="/models" (click)="close()">Models</a>
        @if (registry.version()?.url; as url) {
          <a class="btn" [href]="url" target="_blank" rel="noopener">Run in MLflow</a>
        }
        <button class="btn primary" type="button" (click)="close()">Close</button>
      </footer>
    </dialog>
  `,
  styleUrl: './model-card.scss',
})
export class ModelCard {
  protected readonly registry = inject(ModelRegistry);
  private readonly store = inject(LiveStore);
  private readonly selection = inject(Selection);
  private readonly zone = inject(Zone);
  private readonly card = viewChild.required<ElementRef<HTMLDialogElement>>('card');

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
    return until || (this.fallback() ? 'needs no training' : 'unknown');
  });
  protected readonly dataUntil = computed(() => {
    const forecast = this.store.forecast();
    return forecast ? timeText(forecast.made, this.zone.name(), barPrecision(this.selection.interval())) : '–';
  });
  protected readonly story = computed(() => {
    const reply = this.registry.reply.value();
    if (this.fallback())
      return 'No trained model serves this interval yet: the floor, which every model has to beat, speaks.';
    if (reply === null) return 'The registry has not answered.';
    if (reply.state === 'off') return 'No registry is set; the worker serves what it was given.';
    if (reply.state === 'away') return `The registry is away: ${reply.detail}`;
    return this.registry.version() ? 'As its training wrote it:' : 'The registry does not know this version.';
  });
  protected readonly facts = computed(() => {
    const version = this.registry.version();
    if (!version) return [];
    const metrics = Object.entries(version.metrics).map(([name, value]) => [
      name,
      value === null ? '–' : String(value),
    ]);
    const short = Object.entries(version.tags).filter(([, value]) => value.length < 80);
    return [['Registered', dateText(version.created, this.zone.name())], ...short, ...metrics];
  });

  protected open(): void {
    this.card().nativeElement.showModal();
  }

  protected close(): void {
    this.card().nativeElement.close();
  }
}
