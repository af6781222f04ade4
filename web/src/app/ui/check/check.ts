import { ChangeDetectionStrategy, Component, model } from '@angular/core';

/** A check box with its label. */
@Component({
  selector: 'ca-check',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <button type="button" role="switch" [attr.aria-checked]="on()" (click)="on.set(!on())">
      <i></i><ng-content />
    </button>
  `,
  styles: `
    button {
      display: inline-flex;
      align-items: center;
      gap: 6px;
      height: var(--height, 24px);
      padding: 0;
      color: var(--ink-2);
      white-space: nowrap;
    }
    i {
      width: 12px;
      height: 12px;
      border: 1px solid var(--control);
      border-radius: 2px;
    }
    button[aria-checked='true'] {
      color: var(--ink);
    }
    button[aria-checked='true'] i {
      background: var(--ink);
      border-color: var(--ink);
      box-shadow: inset 0 0 0 2.5px var(--bg);
    }
  `,
})
export class Check {
  readonly on = model.required<boolean>();
}
