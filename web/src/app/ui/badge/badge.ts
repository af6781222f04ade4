import { ChangeDetectionStrategy, Component, input } from '@angular/core';

export type BadgeTone = 'plain' | 'strong' | 'outline' | 'filled' | 'fallback' | 'bad';

/** A word in a frame; colour comes second. */
@Component({
  selector: 'ca-badge',
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { '[class]': 'tone()' },
  template: `<ng-content />`,
  styles: `
    :host {
      display: inline-flex;
      align-items: center;
      height: 20px;
      padding: 0 7px;
      border: 1px solid var(--line-strong);
      border-radius: var(--r1);
      font: var(--t-11);
      font-weight: 600;
      color: var(--ink);
      white-space: nowrap;
    }
    :host(.strong) {
      border-color: var(--ink);
    }
    :host(.outline),
    :host(.fallback) {
      border-color: var(--warn);
      color: var(--warn);
    }
    :host(.fallback) {
      border-style: dashed;
    }
    :host(.filled) {
      border-color: var(--warn);
      background: var(--warn);
      color: var(--bg);
    }
    :host(.bad) {
      border-color: var(--bad);
      color: var(--bad);
    }
  `,
})
export class Badge {
  readonly tone = input<BadgeTone>('plain');
}
