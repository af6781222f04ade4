import { ChangeDetectionStrategy, Component, input, model } from '@angular/core';

const STEP_PX = 16;

/**
 * The movable edge of a panel at the right or at the bottom: pointer or arrow keys change `size`. A double click gives the first size back.
 */
@Component({
  selector: 'ca-divider',
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: {
    role: 'separator',
    tabindex: '0',
    '[attr.aria-label]': 'label()',
    '[attr.aria-orientation]': "across() ? 'horizontal' : 'vertical'",
    '[attr.aria-valuenow]': 'size()',
    '[attr.aria-valuemin]': 'least()',
    '[attr.aria-valuemax]': 'most()',
    '[class.across]': 'across()',
    '(pointerdown)': 'grab($event)',
    '(pointermove)': 'drag($event)',
    '(pointerup)': 'drop()',
    '(dblclick)': 'set(first())',
    '(keydown)': 'key($event)',
  },
  template: '',
  styles: `
    :host {
      position: absolute;
      z-index: 5;
      inset: 0 auto 0 -3px;
      width: 6px;
      cursor: col-resize;
      touch-action: none;
    }
    :host(.across) {
      inset: -3px 0 auto;
      width: auto;
      height: 6px;
      cursor: row-resize;
    }
    :host(:hover),
    :host(:active) {
      background: var(--hover);
    }
    :host(:focus-visible) {
      outline-offset: -1px;
    }
  `,
})
export class Divider {
  /** In CSS pixels. */
  readonly size = model.required<number>();
  readonly label = input.required<string>();
  readonly first = input.required<number>();
  readonly least = input.required<number>();
  readonly most = input.required<number>();
  /** Whether the edge lies across: it moves up and down. */
  readonly across = input(false);

  private from: { readonly at: number; readonly size: number } | null = null;

  protected grab(event: PointerEvent): void {
    (event.target as HTMLElement).setPointerCapture(event.pointerId);
    this.from = { at: this.place(event), size: this.size() };
  }

  protected drag(event: PointerEvent): void {
    if (this.from) this.set(this.from.size + this.from.at - this.place(event));
  }

  protected drop(): void {
    this.from = null;
  }

  protected key(event: KeyboardEvent): void {
    const [grow, shrink] = this.across() ? ['ArrowUp', 'ArrowDown'] : ['ArrowLeft', 'ArrowRight'];
    if (event.key === grow) this.set(this.size() + STEP_PX);
    else if (event.key === shrink) this.set(this.size() - STEP_PX);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  protected set(size: number): void {
    this.size.set(Math.round(Math.min(this.most(), Math.max(this.least(), size))));
  }

  private place(event: PointerEvent): number {
    return this.across() ? event.clientY : event.clientX;
  }
}
