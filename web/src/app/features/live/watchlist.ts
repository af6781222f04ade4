import { ChangeDetectionStrategy, Component, computed, ElementRef, inject, output } from '@angular/core';

import { Layout } from '../../core/layout/layout';
import { Quotes } from '../../core/market/quotes';
import { Selection } from '../../core/selection/selection';
import { Stream } from '../../core/stream/stream';
import { PanelState } from '../../ui/panel-state/panel-state';
import { STALE_AFTER_MS } from './staleness';
import { HISTORY_BARS } from './watchlist-history';
import { WatchlistRow } from './watchlist-row';

/** The symbols of the hub as a list with one tab stop; arrows move, Enter chooses. */
@Component({
  selector: 'ca-watchlist',
  imports: [PanelState, WatchlistRow],
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { '(keydown)': 'move($event)' },
  template: `
    <header class="panel-head">
      <h2>Watchlist</h2>
      <span class="sub">{{ caption() }}</span>
      <span class="sub end">{{ layout.compact() ? '' : 'change ' }}over {{ bars }} × {{ selection.interval() }}</span>
    </header>
    @if (quotes.symbols().length) {
      <ul>
        @for (symbol of quotes.symbols(); track symbol) {
          <li>
            <button
              type="button"
              [attr.aria-current]="symbol === selection.symbol() ? 'true' : null"
              [tabindex]="symbol === selection.symbol() ? 0 : -1"
              (click)="choose(symbol)"
            >
              <ca-watchlist-row [symbol]="symbol" />
            </button>
          </li>
        }
      </ul>
    } @else if (stream.hello()) {
      <ca-panel-state phase="empty" what="No symbol has traded yet" detail="Prices appear with the first tick." />
    } @else {
      <ca-panel-state phase="loading" what="Waiting for the hub" />
    }
  `,
  styleUrl: './watchlist.scss',
})
export class Watchlist {
  readonly chosen = output<string>();
  protected readonly bars = HISTORY_BARS;
  protected readonly quotes = inject(Quotes);
  protected readonly stream = inject(Stream);
  protected readonly selection = inject(Selection);
  protected readonly layout = inject(Layout);
  private readonly host = inject<ElementRef<HTMLElement>>(ElementRef);

  protected readonly caption = computed(() => {
    const symbols = this.quotes.symbols();
    if (!symbols.length) return '';
    const now = this.quotes.now();
    const stale = symbols.filter((symbol) => now - (this.quotes.of(symbol)()?.ts ?? now) > STALE_AFTER_MS).length;
    return `${symbols.length} ${symbols.length === 1 ? 'symbol' : 'symbols'}${stale ? `, ${stale} stale` : ''}`;
  });

  protected choose(symbol: string): void {
    this.selection.choose(symbol);
    this.chosen.emit(symbol);
  }

  protected move(event: KeyboardEvent): void {
    const rows = [...this.host.nativeElement.querySelectorAll<HTMLButtonElement>('li button')];
    const at = rows.indexOf(event.target as HTMLButtonElement);
    if (at < 0) return;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    rows[Math.min(rows.length - 1, Math.max(0, to))]?.focus();
  }
}
