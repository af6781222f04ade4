import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';

import { Layout } from '../../core/layout/layout';
import { Check } from '../../ui/check/check';
import { Icon } from '../../ui/icon/icon';
import { ChartActions } from './chart-actions';

/** How many parts stand in the row itself; the rest, and on narrower pages all but two, are in its menu. */
const IN_ROW = { wide: 4, compact: 0 };

/** What the chart shows, and the ways out of it: a table, CSV, a picture, the address. */
@Component({
  selector: 'ca-chart-tools',
  imports: [Check, Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @for (part of inRow(); track part.name) {
      <ca-check [on]="parts.names().has(part.name)" (onChange)="parts.toggle(part.name)">{{ part.text }}</ca-check>
    }
    <button class="btn quiet parts" type="button" popovertarget="chart-parts">Panes<ca-icon name="chevron" /></button>
    <div id="chart-parts" class="raised" popover role="dialog" aria-label="Panes and lines">
      @for (part of inMenu(); track part.name) {
        <ca-check [on]="parts.names().has(part.name)" (onChange)="parts.toggle(part.name)">{{ part.text }}</ca-check>
      }
    </div>
    <i class="rule"></i>
    <button class="btn quiet" type="button" [attr.aria-pressed]="table()" (click)="toggleTable()">
      <ca-icon name="table" />{{ table() ? 'Chart' : 'Table' }}
    </button>
    <button
      class="btn quiet icon"
      type="button"
      aria-label="Save bars as CSV"
      title="Save bars as CSV"
      (click)="csv.emit()"
    >
      <ca-icon name="csv" />
    </button>
    <button
      class="btn quiet icon"
      type="button"
      aria-label="Save the chart as PNG"
      title="Save the chart as PNG"
      (click)="png.emit()"
    >
      <ca-icon name="png" />
    </button>
  `,
  styles: `
    :host {
      display: flex;
      align-items: center;
      gap: 12px;
      margin-left: auto;
    }
    .rule {
      width: 1px;
      height: 20px;
      background: var(--line);
    }
    .icon {
      margin-left: -6px;
    }
    .parts {
      anchor-name: --parts;
      --icon: 12px;
    }
    [popover] {
      position: fixed;
      position-anchor: --parts;
      inset: calc(anchor(bottom) + 4px) calc(anchor(right)) auto auto;
      min-width: 160px;
      padding: 8px 12px;
    }
    [popover] ca-check {
      display: block;
      padding: 2px 0;
    }
  `,
})
export class ChartTools extends ChartActions {
  private readonly layout = inject(Layout);
  private readonly count = computed(() => (this.layout.compact() ? IN_ROW.compact : IN_ROW.wide));
  protected readonly inRow = computed(() => this.all.slice(0, this.count()));
  protected readonly inMenu = computed(() => this.all.slice(this.count()));
}
