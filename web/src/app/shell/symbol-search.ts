import {
  afterNextRender,
  ChangeDetectionStrategy,
  Component,
  computed,
  ElementRef,
  inject,
  Injector,
  input,
  output,
  signal,
  viewChild,
} from '@angular/core';

import { Catalogue } from '../core/market/catalogue';
import { Quotes } from '../core/market/quotes';
import { Selection } from '../core/selection/selection';
import { Icon } from '../ui/icon/icon';
import { priceText } from '../ui/text/number-text';
import { cutAt, Found, searchSymbols } from './search-symbols';

/** Options at most: each follows its price. */
const SHOWN = 60;

/** A combobox over the hub's symbols, by symbol or name: type, arrows, Enter; Esc gives the old symbol back. */
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
        [attr.placeholder]="open() ? 'Symbol or company' : 'Search'"
        aria-autocomplete="list"
        aria-controls="symbol-list"
        autocomplete="off"
        autocapitalize="characters"
        spellcheck="false"
        [attr.aria-expanded]="open()"
        [attr.aria-activedescendant]="open() && found().length ? 'symbol-' + at() : null"
        [value]="open() ? text() : shown()"
        (focus)="begin()"
        (blur)="open.set(false)"
        (input)="type(box.value)"
        (keydown)="key($event)"
      />
      <kbd>{{ open() ? 'Esc' : '/' }}</kbd>
    </div>
    <div class="list raised" [hidden]="!open()">
      <ul #list id="symbol-list" role="listbox" aria-label="Symbols">
        @for (each of open() ? found() : []; track each.symbol) {
          <!-- Focus stays in the field, which names the chosen option: keys are handled there. -->
          <!-- eslint-disable-next-line @angular-eslint/template/click-events-have-key-events, @angular-eslint/template/interactive-supports-focus -->
          <li
            role="option"
            [id]="'symbol-' + $index"
            [attr.aria-selected]="$index === at()"
            (pointerdown)="$event.preventDefault()"
            (click)="take(each.symbol)"
          >
            @let cut = parts(each.symbol);
            <b
              >{{ cut[0] }}<mark>{{ cut[1] }}</mark
              >{{ cut[2] }}</b
            >
            @let named = parts(each.name);
            <span class="name"
              >{{ named[0] }}<mark>{{ named[1] }}</mark
              >{{ named[2] }}</span
            >
            <span>{{ last(each.symbol) }}</span>
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
  /** What stands in the field at rest. */
  readonly shown = input('');
  readonly done = output();
  protected readonly selection = inject(Selection);
  private readonly catalogue = inject(Catalogue);
  private readonly quotes = inject(Quotes);
  private readonly injector = inject(Injector);
  private readonly list = viewChild.required<ElementRef<HTMLElement>>('list');
  private readonly box = viewChild.required<ElementRef<HTMLInputElement>>('box');

  protected readonly open = signal(false);
  protected readonly text = signal('');
  protected readonly at = signal(0);
  /** Those that have a price now, and those that only the archive knows. */
  private readonly all = computed((): readonly Found[] => {
    const rows = new Map(this.catalogue.rows().map((row) => [row.symbol, row]));
    const symbols = new Set([...this.quotes.symbols(), ...rows.keys()]);
    return [...symbols].map((symbol) => ({ symbol, name: rows.get(symbol)?.name ?? '' }));
  });
  private readonly fitting = computed(() => (this.open() ? searchSymbols(this.all(), this.text()) : []));
  protected readonly found = computed(() => this.fitting().slice(0, SHOWN));
  protected readonly more = computed(() => this.fitting().length - this.found().length);

  focus(): void {
    this.box().nativeElement.focus();
  }

  protected begin(): void {
    this.text.set('');
    // At once: keys that follow the shortcut come before the next frame.
    this.box().nativeElement.value = '';
    this.open.set(true);
    this.point(
      Math.max(
        0,
        this.found().findIndex((each) => each.symbol === this.selection.symbol()),
      ),
    );
    this.catalogue.refresh();
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
    else if (event.key === 'Enter') this.take(found[this.at()]?.symbol);
    else if (event.key === 'Escape') this.leave();
    else return;
    event.preventDefault();
  }

  protected take(symbol: string | undefined): void {
    if (symbol === undefined) return;
    this.selection.choose(symbol);
    this.leave();
  }

  protected parts(shown: string): readonly [string, string, string] {
    return cutAt(shown, this.text());
  }

  protected last(symbol: string): string {
    const known = this.quotes.of(symbol)()?.last ?? this.catalogue.rows().find((row) => row.symbol === symbol)?.last;
    return priceText(known);
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
