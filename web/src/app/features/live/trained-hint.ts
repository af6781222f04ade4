import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { RouterLink } from '@angular/router';

import { HubApi } from '../../core/api/hub-api';
import { polled } from '../../core/api/polled';
import { isFallback } from '../../core/market/forecast';
import { Selection } from '../../core/selection/selection';
import { LiveStore } from './live-store';
import { ModelRegistry } from './model-registry';
import { placesAt, trainedIntervals } from './trained-places';

const EVERY_MS = 30_000;

/** While only the floor speaks in this view, or nobody: the views in which trained models do. */
@Component({
  selector: 'ca-trained-hint',
  imports: [RouterLink],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (places().length) {
      <p>
        Trained models speak at
        @for (place of places(); track place.interval) {
          <a
            [routerLink]="['/live', place.symbol]"
            [queryParams]="{ i: place.interval }"
            [attr.aria-label]="place.interval + ' of ' + place.symbol"
            >{{ place.interval }}{{ place.symbol === selection.symbol() ? '' : ' of ' + place.symbol }}</a
          >{{ $last ? '.' : $index === $count - 2 ? ' and ' : ', ' }}
        }
      </p>
    }
  `,
  styles: `
    p {
      margin: 0;
      padding: 0 12px 12px;
      font: var(--t-11);
      color: var(--ink-2);
    }
    a {
      padding: 4px 0;
      color: var(--ink);
      text-decoration-color: var(--line-strong);
      text-underline-offset: 2px;
    }
    @media (max-width: 899.98px) {
      p {
        padding: 0;
      }
      a {
        display: inline-block;
        min-width: 44px;
        padding: 14px 0;
        text-align: center;
      }
    }
  `,
})
export class TrainedHint {
  protected readonly selection = inject(Selection);
  private readonly api = inject(HubApi);
  private readonly store = inject(LiveStore);
  private readonly registry = inject(ModelRegistry);

  private readonly wanted = computed(() => {
    const forecast = this.store.forecast();
    return this.store.phase().phase === 'ready' && (forecast === null || isFallback(forecast));
  });
  private readonly intervals = computed(() => trainedIntervals(this.registry.reply.value()?.models ?? []), {
    equal: (a, b) => a.join() === b.join(),
  });
  private readonly found = polled(
    (abort) => placesAt(this.api, this.intervals(), this.selection.symbol(), abort),
    EVERY_MS,
    () => (this.wanted() && this.intervals().length ? `${this.selection.symbol()} ${this.intervals().join()}` : ''),
  );
  protected readonly places = computed(() => {
    if (!this.wanted()) return [];
    const [symbol, interval] = [this.selection.symbol(), this.selection.interval()];
    return (this.found.value() ?? []).filter((place) => place.symbol !== symbol || place.interval !== interval);
  });
}
