import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';

import { familyName, familyToken } from '../../core/market/forecast';
import { Selection } from '../../core/selection/selection';
import { LiveStore } from './live-store';

/** Whose forecast is drawn: a radio group over the families that speak. */
@Component({
  selector: 'ca-family-switch',
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { role: 'radiogroup', 'aria-label': 'Forecast family', '(keydown)': 'move($event)' },
  template: `
    @for (family of families(); track family.name) {
      <button
        type="button"
        role="radio"
        [attr.aria-checked]="family.name === store.family()"
        [tabindex]="family.name === store.family() ? 0 : -1"
        [style.--hue]="family.hue"
        (click)="choose(family.name)"
      >
        <i class="hue" [style.--fan]="family.hue"></i>{{ family.text }}
      </button>
    }
  `,
  styles: `
    :host {
      display: grid;
      grid-auto-flow: column;
      grid-auto-columns: auto;
      border: 1px solid var(--line-strong);
      border-radius: var(--r1);
      overflow: hidden;
    }
    button {
      display: flex;
      align-items: center;
      justify-content: center;
      gap: 6px;
      min-width: 0;
      height: 28px;
      padding: 0 4px;
      border-left: 1px solid var(--line);
      color: var(--ink-2);
      white-space: nowrap;
    }
    button:first-child {
      border-left: 0;
    }
    button:hover {
      background: var(--hover);
    }
    button[aria-checked='true'] {
      background: var(--select);
      color: var(--ink);
      font-weight: 600;
    }
    button:focus-visible {
      outline-offset: -2px;
    }
    @media (min-width: 900px) and (max-width: 1279.98px) {
      button {
        box-shadow: inset 0 -2px var(--hue);
      }
      .hue {
        display: none;
      }
    }
    :host(.wide) {
      grid-auto-columns: 1fr;
      border: solid var(--line);
      border-width: 1px 0;
      border-radius: 0;
    }
    :host(.wide) button {
      height: 44px;
      border: 0;
      font: var(--t-13);
    }
    :host(.wide) button[aria-checked='true'] {
      background: none;
      box-shadow: inset 0 -2px var(--fan);
      font-weight: 600;
    }
  `,
})
export class FamilySwitch {
  protected readonly store = inject(LiveStore);
  private readonly selection = inject(Selection);
  protected readonly families = computed(() =>
    this.store.families().map((name) => ({ name, text: familyName(name), hue: `var(--${familyToken(name)})` })),
  );

  protected choose(family: string): void {
    // The served family is the page's own choice: the address then follows a change of the champion.
    this.selection.chooseFamily(family === this.store.families()[0] ? null : family);
  }

  protected move(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const families = this.store.families();
    if (!step || !families.length) return;
    event.preventDefault();
    event.stopPropagation();
    const at = (families.indexOf(this.store.family() ?? '') + step + families.length) % families.length;
    this.choose(families[at]!);
    (event.currentTarget as HTMLElement).querySelectorAll('button')[at]?.focus();
  }
}
