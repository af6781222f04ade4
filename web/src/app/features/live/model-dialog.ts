import { ChangeDetectionStrategy, Component, computed, ElementRef, inject, viewChild } from '@angular/core';
import { RouterLink } from '@angular/router';

import { isFallback, versionText } from '../../core/market/forecast';
import { Zone } from '../../core/zone/zone';
import { dateText } from '../../ui/text/time-text';
import { LiveStore } from './live-store';
import { ModelRegistry } from './model-registry';

/** All that the registry knows of the version whose forecast is drawn. */
@Component({
  selector: 'ca-model-dialog',
  imports: [RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <dialog #dialog class="dialog" closedby="any" aria-labelledby="model-card-title">
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
  styles: `
    dialog {
      width: 440px;
    }
    dl {
      display: grid;
      grid-template-columns: auto minmax(0, 1fr);
      gap: 3px 12px;
      margin: 4px 0 0;
    }
    dt {
      color: var(--ink-3);
    }
    dd {
      margin: 0;
      overflow-wrap: anywhere;
    }
    p {
      margin: 0 0 8px;
      color: var(--ink-2);
    }
    .note {
      margin-top: 10px;
      font: var(--t-11);
      color: var(--ink-3);
    }
    a.btn {
      text-decoration: none;
    }
  `,
})
export class ModelDialog {
  protected readonly registry = inject(ModelRegistry);
  private readonly store = inject(LiveStore);
  private readonly zone = inject(Zone);
  private readonly dialog = viewChild.required<ElementRef<HTMLDialogElement>>('dialog');

  protected readonly version = computed(() => versionText(this.store.forecast()?.version ?? ''));
  protected readonly story = computed(() => {
    const [forecast, reply] = [this.store.forecast(), this.registry.reply.value()];
    if (forecast && isFallback(forecast))
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

  open(): void {
    this.dialog().nativeElement.showModal();
  }

  protected close(): void {
    this.dialog().nativeElement.close();
  }
}
