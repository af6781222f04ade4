import {
  afterNextRender,
  ChangeDetectionStrategy,
  Component,
  computed,
  DestroyRef,
  ElementRef,
  inject,
  Injector,
  input,
  output,
  signal,
  untracked,
  viewChild,
} from '@angular/core';

import { Quotes } from '../../core/market/quotes';
import { Selection } from '../../core/selection/selection';
import { Stream } from '../../core/stream/stream';
import { Icon } from '../../ui/icon/icon';
import { PanelState } from '../../ui/panel-state/panel-state';
import { STALE_AFTER_MS } from './staleness';
import { Watched } from './watched';
import { WatchlistRow } from './watchlist-row';

const SPARE_ROWS = 4;
const UNDO_MS = 6_000;

/**
 * The symbols of the hub as a list with one tab stop: arrows move, Enter chooses, Delete takes off the list. Only the
 * rows in view exist, so that a thousand symbols cost what thirty do.
 */
@Component({
  selector: 'ca-watchlist',
  imports: [Icon, PanelState, WatchlistRow],
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { '(keydown)': 'move($event)' },
  template: `
    <header class="panel-head">
      <h2>Watchlist</h2>
      @if (stream.connection().phase === 'offline') {
        <span class="sub bad"><i class="dot off"></i> offline</span>
      } @else {
        <span class="sub">{{ caption() }}</span>
      }
      @if (watched.away().length) {
        <button class="btn quiet icon end" type="button" aria-label="Put a symbol back" (click)="putBack()">
          <ca-icon name="plus" />
        </button>
      }
    </header>
    @if (watched.symbols().length) {
      <div #scroller class="scroller" (scroll)="top.set(scroller.scrollTop)">
        <ul [style.height.px]="watched.symbols().length * rowHeight()" aria-label="Symbols">
          @for (symbol of shown(); track symbol) {
            <li
              [style.top.px]="(first() + $index) * rowHeight()"
              [style.height.px]="rowHeight()"
              [attr.aria-setsize]="watched.symbols().length"
              [attr.aria-posinset]="first() + $index + 1"
            >
              <button
                type="button"
                [attr.aria-current]="symbol === selection.symbol() ? 'true' : null"
                [attr.data-at]="first() + $index"
                [tabindex]="first() + $index === stop() ? 0 : -1"
                (click)="choose(symbol)"
                (focus)="at.set(first() + $index)"
              >
                <ca-watchlist-row [symbol]="symbol" />
              </button>
            </li>
          }
        </ul>
      </div>
    } @else if (stream.hello()) {
      <ca-panel-state phase="empty" what="No symbol has traded yet" detail="Prices appear with the first tick." />
    } @else {
      <ca-panel-state phase="loading" what="Waiting for the hub" />
    }
    <p class="undo" role="status">
      @if (undo(); as symbol) {
        {{ symbol }} is off the list. <button type="button" (click)="putBack()">Undo</button>
      }
    </p>
  `,
  styleUrl: './watchlist.scss',
})
export class Watchlist {
  readonly chosen = output<string>();
  readonly rowHeight = input(28);
  protected readonly stream = inject(Stream);
  protected readonly selection = inject(Selection);
  protected readonly watched = inject(Watched);
  private readonly quotes = inject(Quotes);
  private readonly injector = inject(Injector);
  private readonly destroyed = inject(DestroyRef);
  private readonly host = inject<ElementRef<HTMLElement>>(ElementRef);
  private readonly scroller = viewChild<ElementRef<HTMLElement>>('scroller');
  private undoTimer: ReturnType<typeof setTimeout> | undefined;

  protected readonly top = signal(0);
  private readonly height = signal(400);
  /** Index of the row that had the focus last; null before. */
  protected readonly at = signal<number | null>(null);
  protected readonly undo = signal<string | null>(null);
  protected readonly first = computed(() => Math.max(0, Math.floor(this.top() / this.rowHeight()) - SPARE_ROWS));
  protected readonly shown = computed(
    () => {
      const rows = Math.ceil(this.height() / this.rowHeight()) + 2 * SPARE_ROWS;
      return this.watched.symbols().slice(this.first(), this.first() + rows);
    },
    { equal: (a, b) => a.length === b.length && a.every((symbol, at) => symbol === b[at]) },
  );
  /** The row that Tab reaches: the last one focused, else the chosen symbol, if it is in view. */
  protected readonly stop = computed(() => {
    const at = this.at() ?? this.watched.symbols().indexOf(this.selection.symbol());
    return at < this.first() || at >= this.first() + this.shown().length ? this.first() : at;
  });
  protected readonly caption = computed(() => {
    const symbols = this.watched.symbols();
    if (!symbols.length) return '';
    const now = this.quotes.now();
    // The clock moves once a second; following every quote would count all symbols with each.
    const stale = untracked(
      () => symbols.filter((symbol) => now - (this.quotes.of(symbol)()?.ts ?? now) > STALE_AFTER_MS).length,
    );
    return `${symbols.length} ${symbols.length === 1 ? 'symbol' : 'symbols'}${stale ? `, ${stale} stale` : ''}`;
  });

  constructor() {
    const sizes = new ResizeObserver(([entry]) => entry && this.height.set(entry.contentRect.height));
    afterNextRender(() => sizes.observe(this.host.nativeElement));
    this.destroyed.onDestroy(() => {
      sizes.disconnect();
      clearTimeout(this.undoTimer);
    });
  }

  protected choose(symbol: string): void {
    this.selection.choose(symbol);
    this.chosen.emit(symbol);
  }

  protected move(event: KeyboardEvent): void {
    const at = Number((event.target as HTMLElement).dataset['at'] ?? NaN);
    if (Number.isNaN(at)) return;
    const last = this.watched.symbols().length - 1;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last, Delete: at }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'Delete') this.remove(this.watched.symbols()[at]);
    this.focusRow(Math.min(this.watched.symbols().length - 1, Math.max(0, to)));
  }

  protected putBack(): void {
    const symbol = this.undo() ?? this.watched.away().at(-1);
    if (symbol !== undefined) this.watched.restore(symbol);
    this.undo.set(null);
  }

  private remove(symbol: string | undefined): void {
    if (symbol === undefined) return;
    this.watched.remove(symbol);
    this.undo.set(symbol);
    clearTimeout(this.undoTimer);
    this.undoTimer = setTimeout(() => this.undo.set(null), UNDO_MS);
  }

  private focusRow(at: number): void {
    const scroller = this.scroller()?.nativeElement;
    if (!scroller) return;
    const [top, height] = [at * this.rowHeight(), this.rowHeight()];
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    if (top + height > scroller.scrollTop + scroller.clientHeight)
      scroller.scrollTop = top + height - scroller.clientHeight;
    this.top.set(scroller.scrollTop);
    this.at.set(at);
    const focus = (): boolean => {
      const row = scroller.querySelector<HTMLElement>(`[data-at="${at}"]`);
      row?.focus({ preventScroll: true });
      return row !== null;
    };
    // At once where the row stands: the next key may come before the next frame.
    if (!focus()) afterNextRender(() => void focus(), { injector: this.injector });
  }
}
