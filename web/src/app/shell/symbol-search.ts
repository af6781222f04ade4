import {
  afterNextRender,
  ChangeDetectionStrategy,
  Component,
  computed,
  ElementRef,
  inject,
  Injector,
  output,
  signal,
  viewChild,
} from '@angular/core';

import { Quotes } from '../core/market/quotes';
import { Selection } from '../core/selection/selection';
import { Icon } from '../ui/icon/icon';
import { priceText } from '../ui/text/number-text';
import { cutAt, searchSymbols } from './search-symbols';

/** Options at most: each follows its price. */
const SHOWN = 60;

/** A combobox over the hub's symbols: type, arrows, Enter; Esc gives the old symbol back. */
@Component({
  selector: 'ca-symbol-search',
  imports: [Icon],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <div class="field" [class.open]="open()">
      <ca-icon name="search" />
      <input
        #box
        type="text"
        role="combobox"
        aria-label="Symbol"
        aria-autocomplete="list"
        aria-controls="symbol-list"
        autocomplete="off"
        autocapitalize="characters"
        spellcheck="false"
        [attr.aria-expanded]="open()"
        [attr.aria-activedescendant]="open() && found().length ? 'symbol-' + at() : null"
        [value]="open() ? text() : selection.symbol()"
        (focus)="begin()"
        (blur)="open.set(false)"
        (input)="type(box.value)"
        (keydown)="key($event)"
      />
      <kbd>{{ open() ? 'Esc' : '/' }}</kbd>
    </div>
    <div class="list" [hidden]="!open()">
      <ul #list id="symbol-list" role="listbox" aria-label="Symbols">
        @for (symbol of open() ? found() : []; track symbol) {
          <!-- Focus stays in the field, which names the chosen option: keys are handled there. -->
          <!-- eslint-disable-next-line @angular-eslint/template/click-events-have-key-events, @angular-eslint/template/interactive-supports-focus -->
          <li
            role="option"
            [id]="'symbol-' + $index"
            [attr.aria-selected]="$index === at()"
            (pointerdown)="$event.preventDefault()"
            (click)="take(symbol)"
          >
            @let cut = parts(symbol);
            <b
              >{{ cut[0] }}<mark>{{ cut[1] }}</mark
              >{{ cut[2] }}</b
            ><span>{{ last(symbol) }}</span>
          </li>
        }
      </ul>
      @if (!found().length) {
        <p>
          <b>{{ text() }}</b> is unknown at this source.
        </p>
      } @else if (more()) {
        <p>{{ more() }} more: type on.</p>
      }
    </div>
  `,
  styleUrl: './symbol-search.scss',
})
export class SymbolSearch {
  readonly done = output();
  protected readonly selection = inject(Selection);
  private readonly quotes = inject(Quotes);
  private readonly injector = inject(Injector);
  private readonly list = viewChild.required<ElementRef<HTMLElement>>('list');
  private readonly box = viewChild.required<ElementRef<HTMLInputElement>>('box');

  protected readonly open = signal(false);
  protected readonly text = signal('');
  protected readonly at = signal(0);
  private readonly fitting = computed(() => searchSymbols(this.quotes.symbols(), this.text()));
  protected readonly found = computed(() => this.fitting().slice(0, SHOWN));
  protected readonly more = computed(() => this.fitting().length - this.found().length);

  focus(): void {
    this.box().nativeElement.focus();
  }

  protected begin(): void {
    this.text.set('');
    // At once: keys that follow the shortcut come before the next frame.
    this.box().nativeElement.value = '';
    this.point(Math.max(0, this.found().indexOf(this.selection.symbol())));
    this.open.set(true);
  }

  protected type(text: string): void {
    this.text.set(text);
    this.at.set(0);
    this.open.set(true);
  }

  protected key(event: KeyboardEvent): void {
    const found = this.found();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) this.point((this.at() + step + found.length) % found.length);
    else if (event.key === 'Enter') this.take(found[this.at()]);
    else if (event.key === 'Escape') this.leave();
    else return;
    event.preventDefault();
  }

  protected take(symbol: string | undefined): void {
    if (symbol === undefined) return;
    this.selection.choose(symbol);
    this.leave();
  }

  protected parts(symbol: string): readonly [string, string, string] {
    return cutAt(symbol, this.text());
  }

  protected last(symbol: string): string {
    return priceText(this.quotes.of(symbol)()?.last);
  }

  /** The option is pointed at, and seen. */
  private point(at: number): void {
    this.at.set(at);
    afterNextRender(() => this.list().nativeElement.children[at]?.scrollIntoView({ block: 'nearest' }), {
      injector: this.injector,
    });
  }

  private leave(): void {
    this.open.set(false);
    this.box().nativeElement.blur();
    this.done.emit();
  }
}
