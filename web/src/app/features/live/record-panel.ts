import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';

import { Layout } from '../../core/layout/layout';
import { chanceBand } from '../../core/market/tally';
import { Selection } from '../../core/selection/selection';
import { Zone } from '../../core/zone/zone';
import { Panel } from '../../ui/panel/panel';
import { Segmented } from '../../ui/segmented/segmented';
import { endText } from '../../ui/text/time-text';
import { DueTable } from './due-table';
import { LiveStore } from './live-store';
import { PlotGuide, RecordPlot } from './record-plot';
import { ROLLING, ScoreRecord } from './score-record';

/** Points of the plots: the newest. */
const POINTS = 180;
const ROWS = 60;

/** How good what was said has been: coverage, loss against naive, and the forecasts one by one. */
@Component({
  selector: 'ca-record-panel',
  imports: [DueTable, Panel, RecordPlot, Segmented],
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { role: 'region', 'aria-label': 'Forecast record' },
  template: `
    @if (!layout.compact() || tab() === 'Plots') {
      <ca-panel
        heading="Coverage"
        [caption]="'last ' + width() + '; shaded: chance alone'"
        [of]="record"
        [empty]="empty()"
        [emptyDetail]="first()"
      >
        <ca-record-plot
          [label]="coverageLabel()"
          [lines]="coverage()"
          [guides]="coverageGuides()"
          [range]="coverageRange()"
          [from]="from()"
        />
      </ca-panel>
      <ca-panel
        heading="CRPS against naive"
        [caption]="'last ' + width() + '; below 1 is better'"
        [of]="record"
        [empty]="empty()"
        [emptyDetail]="first()"
      >
        <ca-record-plot
          [label]="lossLabel()"
          [lines]="loss()"
          [guides]="lossGuides()"
          [range]="lossRange()"
          [from]="from()"
        />
      </ca-panel>
    }
    @if (!layout.compact() || tab() === 'Due') {
      <ca-panel
        class="due"
        heading="Forecasts that came due"
        [caption]="ahead()"
        [of]="record"
        [empty]="empty()"
        [emptyDetail]="first()"
      >
        <span actions class="sub">{{ record.scores().length }} due</span>
        <ca-due-table [scores]="newest()" />
      </ca-panel>
    }
    @if (layout.compact()) {
      <ca-segmented class="small tabs" label="Record" [choices]="['Plots', 'Due']" [(value)]="tab" />
    }
  `,
  styles: `
    :host {
      position: relative;
      display: grid;
      grid-template-columns: 276px 276px minmax(0, 1fr);
      min-height: 0;
      border-top: 1px solid var(--line);
    }
    ca-panel + ca-panel {
      border-left: 1px solid var(--line);
    }
    ca-record-plot,
    ca-due-table {
      flex: 1;
    }
    .sub {
      font: var(--t-11);
      color: var(--ink-3);
    }
    .tabs {
      position: absolute;
      top: 6px;
      right: 12px;
    }
    @media (max-width: 1279.98px) {
      :host {
        grid-template-columns: 1fr 1fr;
      }
      .due {
        grid-column: 1 / -1;
      }
      .due .sub {
        margin-right: 120px;
      }
    }
  `,
})
export class RecordPanel {
  protected readonly layout = inject(Layout);
  protected readonly record = inject(ScoreRecord);
  private readonly store = inject(LiveStore);
  private readonly selection = inject(Selection);
  private readonly zone = inject(Zone);
  protected readonly tab = signal('Plots');

  private readonly shown = computed(() => this.record.rolling().slice(-POINTS));
  private readonly latest = computed(() => this.shown().at(-1));
  protected readonly width = computed(() => this.latest()?.n ?? ROLLING);
  protected readonly newest = computed(() => this.record.scores().slice(-ROWS));
  protected readonly ahead = computed(
    () => `${this.store.horizon()} ${this.store.horizon() === 1 ? 'bar' : 'bars'} ahead`,
  );
  protected readonly empty = computed(() => (this.latest() ? '' : 'No forecast has come due yet'));
  protected readonly first = computed(() => {
    const due = this.store.forecast()?.due;
    return due ? `The next is due at ${this.time(due)}.` : 'The first comes when the windows are full.';
  });
  protected readonly from = computed(() => {
    const due = this.shown()[0]?.due;
    return due ? this.time(due) : '';
  });

  protected readonly coverage = computed(() => {
    const last = this.latest();
    return [
      { points: this.shown().map((each) => each.inside95), width: 1.2, end: percent(last?.inside95) },
      { points: this.shown().map((each) => each.inside80), width: 1.8, end: percent(last?.inside80) },
    ];
  });
  protected readonly coverageGuides = computed((): PlotGuide[] => {
    const band = chanceBand(0.8, this.width(), this.store.horizon());
    return [
      { at: 0.8, text: '80', dotted: true, band },
      { at: 0.95, text: '95', dotted: true },
    ];
  });
  protected readonly coverageRange = computed((): [number, number] => {
    const [band] = chanceBand(0.8, this.width(), this.store.horizon());
    const lowest = Math.min(0.62, band - 0.03, ...this.shown().map((each) => each.inside80 - 0.03));
    return [Math.max(0, lowest), 1.01];
  });
  protected readonly coverageLabel = computed(() => {
    const last = this.latest();
    return `Rolling coverage: ${percent(last?.inside80)} in the 80 % interval, ${percent(last?.inside95)} in the 95 %`;
  });

  private readonly ratios = computed(() => this.shown().flatMap(({ ratio }) => ratio ?? []));
  protected readonly loss = computed(() => [
    { points: this.shown().map((each) => each.ratio), width: 1.8, end: this.latest()?.ratio?.toFixed(3) ?? '' },
  ]);
  protected readonly lossRange = computed((): [number, number] => {
    const [low, high] = [Math.min(...this.ratios(), 0.96), Math.max(...this.ratios(), 1.02)];
    return [low - 0.02, high + 0.02];
  });
  protected readonly lossGuides = computed((): PlotGuide[] => {
    const low = this.lossRange()[0] + 0.02;
    return [
      { at: 1, text: '1.00' },
      { at: low, text: low.toFixed(2), dotted: true },
    ];
  });
  protected readonly lossLabel = computed(() => `Rolling CRPS over naive: ${this.loss()[0]!.end || 'none yet'}`);

  private time(ms: number): string {
    return endText(ms, this.zone.name(), this.selection.interval());
  }
}

function percent(share: number | undefined): string {
  return share === undefined ? '–' : `${(share * 100).toFixed(1)} %`;
}
