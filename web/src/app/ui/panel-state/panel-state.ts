import { ChangeDetectionStrategy, Component, input, output } from '@angular/core';

import { Icon } from '../icon/icon';

export type PanelPhase = 'loading' | 'empty' | 'failed';

/** What stands in a panel that has nothing to show: skeleton lines, or what and since when, then what to do. */
@Component({
  selector: 'ca-panel-state',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (phase() === 'loading') {
      <div class="lines" aria-hidden="true"><i></i><i></i><i></i><i></i></div>
      <span class="visually-hidden">{{ what() }}</span>
    } @else {
      <b>{{ what() }}</b>
      <span>{{ detail() }}</span>
      @if (phase() === 'failed') {
        <button class="btn" type="button" (click)="retry.emit()"><ca-icon name="retry" />Try again</button>
      }
      <ng-content />
    }
  `,
  styles: `
    :host {
      display: grid;
      gap: 5px;
      align-content: center;
      justify-items: start;
      padding: 8px 14px;
    }
    span {
      color: var(--ink-2);
    }
    .btn {
      margin-top: 4px;
      --icon: 12px;
    }
    .lines {
      display: grid;
      gap: 9px;
      width: 100%;
      max-width: 320px;
      animation: appear 1ms 200ms both;
    }
    i {
      height: 8px;
      border-radius: 2px;
      background: var(--hover);
    }
    i:nth-child(1) {
      width: 72%;
    }
    i:nth-child(3) {
      width: 88%;
    }
    i:nth-child(4) {
      width: 40%;
    }
    @keyframes appear {
      from {
        visibility: hidden;
      }
    }
  `,
})
export class PanelState {
  readonly phase = input.required<PanelPhase>();
  readonly what = input.required<string>();
  readonly detail = input('');
  readonly retry = output();
}
