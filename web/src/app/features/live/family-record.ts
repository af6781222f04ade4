import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';

import { Layout } from '../../core/layout/layout';
import { familyName, familyToken } from '../../core/market/forecast';
import { LiveStore } from './live-store';
import { ScoreRecord } from './score-record';

/** The record of each family over all forecasts that came due for the chosen symbol, interval and horizon. */
@Component({
  selector: 'ca-family-record',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (rows().length) {
      <table class="tb">
        <thead>
          <tr>
            <th scope="col">{{ layout.compact() ? '' : 'Family, all ' }}{{ most() }} due</th>
            <th scope="col" class="num">In 80 %</th>
            <th scope="col" class="num">In 95 %</th>
            <th scope="col" class="num">CRPS / naive</th>
          </tr>
        </thead>
        <tbody>
          @for (row of rows(); track row.family) {
            <tr [class.selected]="row.family === store.family()">
              <th scope="row"><i class="hue" [style.--fan]="row.hue"></i>{{ row.name }}</th>
              <td class="num">{{ row.inside80 }}</td>
              <td class="num">{{ row.inside95 }}</td>
              <td class="num" [class.better]="row.better">{{ row.ratio }}</td>
            </tr>
          }
        </tbody>
      </table>
    }
  `,
  styles: `
    :host {
      display: block;
      margin-top: 8px;
    }
    .tb td,
    .tb tbody th {
      height: 24px;
      font-weight: 400;
    }
    .tb th,
    .tb td {
      padding: 0 4px;
    }
    .tb tr > :first-child {
      padding-left: 12px;
    }
    .tb tr > :last-child {
      padding-right: 12px;
    }
    .hue {
      margin-right: 8px;
    }
    @media (max-width: 1279.98px) {
      .tb th,
      .tb td {
        padding: 0 2px;
      }
      .hue {
        margin-right: 6px;
      }
    }
    .tb .better {
      font-weight: 600;
    }
  `,
})
export class FamilyRecord {
  protected readonly layout = inject(Layout);
  protected readonly store = inject(LiveStore);
  private readonly record = inject(ScoreRecord);
  protected readonly rows = computed(() => {
    const scored = this.record.families();
    const best = Math.min(...scored.map(({ tally }) => tally?.ratio ?? Infinity));
    return scored.flatMap(({ family, tally }) =>
      tally === null
        ? []
        : {
            family,
            name: familyName(family),
            hue: `var(--${familyToken(family)})`,
            n: tally.n,
            inside80: (tally.inside80 * 100).toFixed(1),
            inside95: (tally.inside95 * 100).toFixed(1),
            ratio: tally.ratio?.toFixed(3) ?? '–',
            better: scored.length > 1 && tally.ratio === best,
          },
    );
  });
  protected readonly most = computed(() => Math.max(...this.rows().map((row) => row.n)));
}
