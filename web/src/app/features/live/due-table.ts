import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';

import { priceAt } from '../../core/market/forecast';
import { intervalMs } from '../../core/market/interval';
import { Score } from '../../core/market/score';
import { Selection } from '../../core/selection/selection';
import { Stream } from '../../core/stream/stream';
import { Zone } from '../../core/zone/zone';
import { priceText } from '../../ui/text/number-text';
import { endText } from '../../ui/text/time-text';
import { LiveStore } from './live-store';

/** Forecasts that came due, newest first: what had been said, what it came to be, hit or miss. */
@Component({
  selector: 'ca-due-table',
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { tabindex: '0', role: 'region', 'aria-label': 'Due forecasts, newest first' },
  template: `
    <table class="tb">
      <thead>
        <tr>
          <th scope="col">Made</th>
          <th scope="col">For</th>
          <th scope="col" class="num">80 % interval</th>
          <th scope="col" class="num">Truth</th>
          <th scope="col">Verdict</th>
        </tr>
      </thead>
      <tbody>
        @for (row of rows(); track row.due) {
          <tr>
            <td class="i3">{{ row.made }}</td>
            <td>{{ row.for }}</td>
            <td class="num i2">{{ row.interval }}</td>
            <td class="num">{{ row.truth }}</td>
            <td [class]="row.tone">{{ row.verdict }}</td>
          </tr>
        }
      </tbody>
    </table>
  `,
  styles: `
    :host {
      display: block;
      min-height: 0;
      overflow: auto;
      scrollbar-width: thin;
    }
    :host(:focus-visible) {
      outline-offset: -2px;
    }
    .tb td {
      height: 26px;
    }
    .tb th {
      position: sticky;
      top: 0;
      background: var(--bg);
    }
    .miss {
      color: var(--fan);
    }
  `,
})
export class DueTable {
  readonly scores = input.required<readonly Score[]>();
  private readonly store = inject(LiveStore);
  private readonly stream = inject(Stream);
  private readonly selection = inject(Selection);
  private readonly zone = inject(Zone);

  protected readonly rows = computed(() => {
    this.store.forecasts();
    return this.scores()
      .map((score) => this.row(score))
      .reverse();
  });

  private row(score: Score) {
    const interval = this.selection.interval();
    const levels = this.stream.hello()?.levels ?? [];
    const said = this.store.saidFor(score.due - intervalMs(interval), score.horizon);
    const time = (ms: number): string => endText(ms, this.zone.name(), interval);
    const edge = (level: number): number | undefined => said && priceAt(said.quantiles, levels, level);
    const [low, high] = [edge(0.1), edge(0.9)];
    return {
      due: score.due,
      made: time(score.made),
      for: time(score.due),
      interval: said ? `${priceText(low)} to ${priceText(high)}` : '–',
      truth: priceText(score.truth),
      ...verdict(score, high),
    };
  }
}

function verdict({ truth, inside80 }: Score, high: number | undefined): { verdict: string; tone: string } {
  if (truth === null || inside80 === null) return { verdict: 'No price came', tone: 'warn' };
  if (inside80 === 1) return { verdict: 'Inside', tone: 'i2' };
  if (high === undefined) return { verdict: 'Missed', tone: 'miss' };
  return { verdict: truth > high ? '▲ Missed above' : '▼ Missed below', tone: 'miss' };
}
