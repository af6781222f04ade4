import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';

import { Layout } from '../../core/layout/layout';
import { Catalogue } from '../../core/market/catalogue';
import { priceAt } from '../../core/market/forecast';
import { Quotes } from '../../core/market/quotes';
import { Selection } from '../../core/selection/selection';
import { Stream } from '../../core/stream/stream';
import { PriceChange } from '../../ui/price-change/price-change';
import { percentText, priceDigits, priceText, signedText } from '../../ui/text/number-text';
import { spanText } from '../../ui/text/time-text';
import { LiveStore } from './live-store';
import { HISTORY_BARS, WatchlistHistory } from './watchlist-history';

/** Symbol, last price and its change; on a phone the 80 % interval stands at the right. */
@Component({
  selector: 'ca-price-head',
  imports: [PriceChange],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    @if (!layout.phone()) {
      <span class="symbol">{{ selection.symbol() }}</span>
      @if (!layout.compact() && name()) {
        <span class="name">{{ name() }}</span>
      }
    }
    <span class="price" data-testid="price">{{ price() }}</span>
    @if (change(); as change) {
      <span class="change">
        <ca-price-change [change]="change.by" [text]="change.text" />
        <span class="since">{{ change.since }}</span>
      </span>
    }
    @if (layout.phone() && interval(); as said) {
      <span class="said"
        ><span>80 % in {{ ahead() }}</span
        ><b>{{ said }}</b></span
      >
    }
  `,
  styleUrl: './price-head.scss',
})
export class PriceHead {
  protected readonly layout = inject(Layout);
  protected readonly selection = inject(Selection);
  protected readonly store = inject(LiveStore);
  private readonly stream = inject(Stream);
  private readonly quotes = inject(Quotes);
  private readonly catalogue = inject(Catalogue);
  private readonly history = inject(WatchlistHistory);

  protected readonly name = computed(() => this.catalogue.nameOf(this.selection.symbol()));
  private readonly last = computed(
    () => this.quotes.of(this.selection.symbol())()?.last ?? this.store.lastBar()?.close ?? null,
  );
  protected readonly price = computed(() => priceText(this.last()));
  protected readonly change = computed(() => {
    const [symbol, last] = [this.selection.symbol(), this.last()];
    const close = this.history.closeBefore(symbol, this.quotes.of(symbol)()?.ts ?? 0);
    const from = close ?? this.history.of(symbol)()[0];
    if (last === null || from === undefined) return null;
    const long = this.layout.phone() ? 'since close' : `since close ${priceText(from)}`;
    const since = close === null ? `over ${HISTORY_BARS} × ${this.selection.interval()}` : long;
    return { by: last - from, text: `${signedText(last - from, priceDigits(last))} ${percentText(last, from)}`, since };
  });
  protected readonly ahead = computed(() => spanText(this.selection.interval(), this.store.horizon()));
  protected readonly interval = computed(() => {
    const [forecast, levels] = [this.store.forecast(), this.stream.hello()?.levels];
    if (!forecast || !levels) return '';
    const at = (level: number): string => priceText(priceAt(forecast.quantiles, levels, level));
    return `${at(0.1)} to ${at(0.9)}`;
  });
}
