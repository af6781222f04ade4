import { ChangeDetectionStrategy, Component, computed, effect, inject, input, signal } from '@angular/core';

import { Layout } from '../../core/layout/layout';
import { Catalogue } from '../../core/market/catalogue';
import { Quotes } from '../../core/market/quotes';
import { PriceChange } from '../../ui/price-change/price-change';
import { Sparkline } from '../../ui/sparkline/sparkline';
import { percentText, priceText } from '../../ui/text/number-text';
import { ageText } from '../../ui/text/time-text';
import { STALE_AFTER_MS } from './staleness';
import { WatchlistHistory } from './watchlist-history';

const FLASH_EVERY_MS = 250;

/** One symbol: sparkline, last price, change since the close (or over the sparkline); where no price has come, a ring and an age stand for the sparkline. */
@Component({
  selector: 'ca-watchlist-row',
  imports: [PriceChange, Sparkline],
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { '[class.stale]': 'age() !== null', '[class.compact]': 'layout.compact()' },
  template: `
    <b [title]="title()">{{ symbol() }}</b>
    @if (quote(); as quote) {
      @if (age(); as age) {
        <span class="age" [style.width.px]="sparkWidth()"
          ><i class="dot stale"></i><span class="visually-hidden">stale, </span>{{ age }}</span
        >
      } @else {
        <ca-sparkline [points]="points()" [base]="base()" [width]="sparkWidth()" />
      }
      <span class="last" [class]="flash()">{{ price() }}</span>
      @if (base() !== null) {
        <ca-price-change class="change" [change]="quote.last - base()!" [text]="change()" />
      }
    } @else {
      <i class="wait" aria-hidden="true"></i><i class="wait"></i><i class="wait"></i>
    }
  `,
  styleUrl: './watchlist-row.scss',
})
export class WatchlistRow {
  readonly symbol = input.required<string>();
  protected readonly layout = inject(Layout);
  private readonly quotes = inject(Quotes);
  private readonly catalogue = inject(Catalogue);
  private readonly history = inject(WatchlistHistory);

  protected readonly sparkWidth = computed(() => (this.layout.compact() ? 44 : 62));
  protected readonly title = computed(() => {
    const name = this.catalogue.nameOf(this.symbol());
    return name ? `${this.symbol()}, ${name}` : this.symbol();
  });
  protected readonly quote = computed(() => this.quotes.of(this.symbol())());
  private readonly closes = computed(() => this.history.of(this.symbol())());
  protected readonly points = computed(() => {
    const quote = this.quote();
    return quote ? [...this.closes(), quote.last] : this.closes();
  });
  /** The close of the day before, else where the sparkline begins. */
  protected readonly base = computed(
    () => this.history.closeBefore(this.symbol(), this.quote()?.ts ?? 0) ?? this.closes()[0] ?? null,
  );
  protected readonly price = computed(() => priceText(this.quote()?.last));
  protected readonly change = computed(() => percentText(this.quote()?.last ?? NaN, this.base() ?? NaN));
  protected readonly age = computed(() => {
    const silent = this.quotes.now() - (this.quote()?.ts ?? Infinity);
    return silent > STALE_AFTER_MS ? ageText(silent) : null;
  });

  /** Two classes take turns, so that the animation starts anew; at most four times a second. */
  protected readonly flash = signal('');
  private before: number | null = null;
  private flashedAt = 0;

  constructor() {
    effect(() => {
      const last = this.quote()?.last ?? null;
      const now = performance.now();
      if (this.before !== null && last !== null && last !== this.before && now - this.flashedAt >= FLASH_EVERY_MS) {
        this.flashedAt = now;
        const direction = last > this.before ? 'rose' : 'fell';
        this.flash.update((was) => (was.endsWith(' again') ? direction : `${direction} again`));
      }
      this.before = last;
    });
  }
}
