import {
  afterNextRender,
  ChangeDetectionStrategy,
  Component,
  ElementRef,
  inject,
  output,
  viewChild,
} from '@angular/core';

import { Check } from '../ui/check/check';
import { ShortcutKeys } from './shortcut-keys';

/** The keys of the page, and the switch that turns the single ones off. It is open for as long as it exists. */
@Component({
  selector: 'ca-help-dialog',
  imports: [Check],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <dialog #dialog class="dialog" aria-labelledby="help-title" (close)="closed.emit()">
      <h2 id="help-title">Keys</h2>
      <dl>
        @for (row of rows; track row[0]) {
          <dt>
            @for (key of row[0].split(' '); track key) {
              <kbd>{{ key }}</kbd>
            }
          </dt>
          <dd>{{ row[1] }}</dd>
        }
      </dl>
      <footer>
        <ca-check [on]="keys.on()" (onChange)="keys.choose($event)">Single keys</ca-check>
        <button class="btn primary" type="button" (click)="close()">Close</button>
      </footer>
    </dialog>
  `,
  styleUrl: './help-dialog.scss',
})
export class HelpDialog {
  readonly closed = output();
  protected readonly keys = inject(ShortcutKeys);
  private readonly dialog = viewChild.required<ElementRef<HTMLDialogElement>>('dialog');
  protected readonly rows: readonly (readonly [string, string])[] = [
    ['/', 'Search a symbol'],
    ['1 2 3', 'Interval, in the order of the switch'],
    ['← →', 'Crosshair, on the chart; with Shift ten bars'],
    ['+ −', 'Zoom, on the chart'],
    ['↑ ↓', 'Watchlist; Enter chooses'],
    ['Delete', 'Takes a symbol off the watchlist'],
    ['End', 'Go live'],
    ['g l', 'Live; g m Models, g p Pipeline, g f Features, g e Events, g a About'],
    ['?', 'This help'],
    ['Esc', 'Close, or take the crosshair away'],
  ];

  constructor() {
    afterNextRender(() => this.dialog().nativeElement.showModal());
  }

  protected close(): void {
    this.dialog().nativeElement.close();
  }
}
