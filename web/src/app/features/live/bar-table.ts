import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';

import { priceAt } from '../../core/market/forecast';
import { Selection } from '../../core/selection/selection';
import { Stream } from '../../core/stream/stream';
import { Zone } from '../../core/zone/zone';
import { priceText, volumeText } from '../../ui/text/number-text';
import { startText } from '../../ui/text/time-text';
import { LiveStore } from './live-store';

const ROWS = 60;

/** The chart's numbers for readers and for copying: the last bars, newest first, and what had been said for each. */
@Component({
  selector: 'ca-bar-table',
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { tabindex: '0', role: 'region', 'aria-label': 'Bars as a table' },
  template: `
    <table>
      <thead>
        <tr>
          @for (head of heads; track head) {
            <th scope="col">{{ head }}</th>
          }
        </tr>
      </thead>
      <tbody>
        @for (row of rows(); track row.start) {
          <tr>
            @for (cell of row.cells; track $index) {
              <td>{{ cell }}</td>
            }
          </tr>
        }
      </tbody>
    </table>
  `,
  styles: `
    :host {
      overflow: auto;
      background: var(--bg);
    }
    table {
      width: 100%;
      border-collapse: collapse;
    }
    th,
    td {
      height: 28px;
      padding: 0 8px;
      text-align: right;
      white-space: nowrap;
    }
    th {
      position: sticky;
      top: 0;
      background: var(--bg);
      box-shadow: inset 0 -1px var(--line);
      font: var(--t-11);
      color: var(--ink-3);
    }
    :first-child {
      text-align: left;
    }
    th:first-child,
    td:first-child {
      padding-left: 14px;
    }
  `,
})
export class BarTable {
  private readonly store = inject(LiveStore);
  private readonly stream = inject(Stream);
  private readonly selection = inject(Selection);
  private readonly zone = inject(Zone);
  protected readonly heads = ['Start', 'Open', 'High', 'Low', 'Close', 'Volume', 'State', 'Said: 80 %'];
  protected readonly rows = computed(() => {
    // Both signals change whenever the series does.
    this.store.lastBar();
    this.store.forecasts();
    const interval = this.selection.interval();
    const levels = this.stream.hello()?.levels ?? [];
    return this.store.series.bars
      .slice(-ROWS)
      .reverse()
      .map((bar) => {
        const said = this.store.saidFor(bar.start);
        const edge = (level: number): string => priceText(said && priceAt(said.quantiles, levels, level));
        const prices = [bar.open, bar.high, bar.low, bar.close].map((price) => priceText(price));
        const state = bar.quality === 'ok' ? bar.state : `${bar.state}, ${bar.quality.replace('_', ' ')}`;
        const cells = [
          startText(bar.start, this.zone.name(), interval),
          ...prices,
          volumeText(bar.volume),
          state,
          said ? `${edge(0.1)} to ${edge(0.9)}` : '',
        ];
        return { start: bar.start, cells };
      });
  });
}
