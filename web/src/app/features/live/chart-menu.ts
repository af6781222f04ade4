import { ChangeDetectionStrategy, Component, ElementRef, viewChild } from '@angular/core';

import { Check } from '../../ui/check/check';
import { Icon } from '../../ui/icon/icon';
import { ChartActions } from './chart-actions';

/** What `ChartTools` has in a row, behind one button of a phone. */
@Component({
  selector: 'ca-chart-menu',
  imports: [Check, Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <button class="btn quiet icon" type="button" aria-label="Chart menu" popovertarget="chart-menu">
      <ca-icon name="features" />
    </button>
    <div #menu id="chart-menu" class="raised" popover role="dialog" aria-label="Chart">
      @for (part of all; track part.name) {
        <ca-check [on]="parts.names().has(part.name)" (onChange)="parts.toggle(part.name)">{{ part.text }}</ca-check>
      }
      <hr />
      <button class="btn" type="button" (click)="leave(); toggleTable()">
        <ca-icon name="table" />{{ table() ? 'Chart' : 'Table' }}
      </button>
      <button class="btn" type="button" (click)="leave(); csv.emit()"><ca-icon name="csv" />Save bars as CSV</button>
      <button class="btn" type="button" (click)="leave(); png.emit()">
        <ca-icon name="png" />Save the chart as PNG
      </button>
    </div>
  `,
  styles: `
    .icon {
      width: 44px;
      height: 44px;
    }
    [popover] {
      position: fixed;
      inset: 106px 8px auto auto;
      min-width: 220px;
      padding: 8px 14px 14px;
    }
    [popover]:popover-open {
      display: grid;
      gap: 8px;
    }
    ca-check {
      display: grid;
      --height: 44px;
      margin-bottom: -8px;
    }
    hr {
      width: 100%;
      margin: 8px 0 4px;
      border: 0;
      border-top: 1px solid var(--line);
    }
    .btn:not(.icon) {
      height: 44px;
    }
  `,
})
export class ChartMenu extends ChartActions {
  private readonly menu = viewChild.required<ElementRef<HTMLElement>>('menu');

  protected leave(): void {
    this.menu().nativeElement.hidePopover();
  }
}
