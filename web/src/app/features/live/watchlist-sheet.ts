import { ChangeDetectionStrategy, Component, computed, ElementRef, inject, viewChild } from '@angular/core';

import { Quotes } from '../../core/market/quotes';
import { Selection } from '../../core/selection/selection';
import { Icon } from '../../ui/icon/icon';
import { Watchlist } from './watchlist';
import { WatchlistRow } from './watchlist-row';

/** The watchlist of a phone: closed it shows one other symbol, open it covers the lower half. */
@Component({
  selector: 'ca-watchlist-sheet',
  imports: [Icon, Watchlist, WatchlistRow],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <button class="handle" type="button" aria-haspopup="dialog" (click)="open()">
      <b>Watchlist</b><span class="count">{{ quotes.symbols().length }}</span>
      @if (other(); as symbol) {
        <ca-watchlist-row class="peek" [symbol]="symbol" />
      }
    </button>
    <dialog #sheet class="sheet" aria-label="Watchlist" closedby="any">
      <button class="btn quiet icon close" type="button" aria-label="Close the watchlist" (click)="close()">
        <ca-icon name="close" />
      </button>
      <ca-watchlist class="sheet" [rowHeight]="44" (chosen)="close()" />
    </dialog>
  `,
  styleUrl: './watchlist-sheet.scss',
})
export class WatchlistSheet {
  protected readonly quotes = inject(Quotes);
  private readonly selection = inject(Selection);
  private readonly sheet = viewChild.required<ElementRef<HTMLDialogElement>>('sheet');
  protected readonly other = computed(() => this.quotes.symbols().find((symbol) => symbol !== this.selection.symbol()));

  protected open(): void {
    this.sheet().nativeElement.showModal();
  }

  protected close(): void {
    this.sheet().nativeElement.close();
  }
}
