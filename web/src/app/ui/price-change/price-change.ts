import { ChangeDetectionStrategy, Component, computed, input } from '@angular/core';

/** A signed change with its arrow: colour is never the only sign. */
@Component({
  selector: 'ca-price-change',
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { '[class]': 'direction()' },
  template: `<i aria-hidden="true"></i>{{ text() }}`,
  styles: `
    :host {
      white-space: nowrap;
    }
    :host(.up) {
      color: var(--tone, var(--up));
    }
    :host(.down) {
      color: var(--tone, var(--down));
    }
    :host(.flat) {
      color: var(--tone, inherit);
    }
    i {
      display: inline-block;
      width: 7px;
      height: 6px;
      margin-right: 4px;
      vertical-align: 1px;
      background: currentColor;
    }
    :host(.up) i {
      clip-path: polygon(50% 0, 100% 100%, 0 100%);
    }
    :host(.down) i {
      clip-path: polygon(0 0, 100% 0, 50% 100%);
    }
    :host(.flat) i {
      height: 1.5px;
      vertical-align: 3px;
    }
  `,
})
export class PriceChange {
  /** Decides arrow and colour; the text is written by who knows the unit. */
  readonly change = input.required<number>();
  readonly text = input.required<string>();
  protected readonly direction = computed(() => {
    if (!/[1-9]/.test(this.text())) return 'flat';
    return this.change() > 0 ? 'up' : 'down';
  });
}
