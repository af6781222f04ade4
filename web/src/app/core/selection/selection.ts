import { computed, inject, Injectable, signal } from '@angular/core';
import { Params, Router } from '@angular/router';

import { Catalogue } from '../market/catalogue';
import { byLength } from '../market/interval';
import { Quotes } from '../market/quotes';
import { Stream } from '../stream/stream';

/** What the address says of the view: `/live/AAPL?i=1m&h=5&f=lstm&show=volume,rsi`. Undefined where it says nothing. */
export interface Address {
  readonly symbol?: string | undefined;
  readonly interval?: string | undefined;
  readonly horizon?: string | undefined;
  readonly family?: string | undefined;
  readonly show?: string | undefined;
}

/** Which symbol and view of it the page is about. The address says it; without one, the hub's first. */
@Injectable({ providedIn: 'root' })
export class Selection {
  private readonly router = inject(Router);
  private readonly stream = inject(Stream);
  private readonly quotes = inject(Quotes);
  private readonly catalogue = inject(Catalogue);
  private readonly address = signal<Address>({});

  /** Empty while neither the address nor the hub has named one. */
  readonly symbol = computed(() => this.address().symbol ?? this.quotes.symbols()[0] ?? '');
  /** Those of the live bars, those of which the symbol has a history, and the one that the address names. */
  readonly intervals = computed(() => {
    const [live, asked] = [this.stream.hello()?.intervals ?? [], this.address().interval];
    return live.length
      ? byLength([...live, ...this.catalogue.intervalsOf(this.symbol()), ...(asked ? [asked] : [])])
      : [];
  });

  readonly interval = computed(() => {
    const [asked, offered] = [this.address().interval, this.intervals()];
    if (asked && (offered.length === 0 || offered.includes(asked))) return asked;
    return offered.includes('1m') ? '1m' : (offered[0] ?? '');
  });
  /** Null where the address leaves the choice to the page. */
  readonly horizon = computed(() => Number.parseInt(this.address().horizon ?? '', 10) || null);
  readonly family = computed(() => this.address().family ?? null);
  readonly show = computed(() => this.address().show?.split(',') ?? null);

  /** The router's side: what the address names. */
  follow(address: Address): void {
    this.address.set(address);
  }

  choose(symbol: string, interval = this.interval()): void {
    this.go(symbol, { i: interval });
  }

  chooseInterval(interval: string): void {
    this.choose(this.symbol(), interval);
  }

  chooseHorizon(horizon: number): void {
    this.go(this.symbol(), { h: horizon });
  }

  chooseFamily(family: string | null): void {
    this.go(this.symbol(), { f: family });
  }

  chooseShow(names: readonly string[]): void {
    this.go(this.symbol(), { show: names.join(',') || 'none' });
  }

  /** Changes what `queryParams` names, the rest of the view stays. */
  private go(symbol: string, queryParams: Params): void {
    const already = symbol === this.address().symbol;
    const replaceUrl = already && !('i' in queryParams);
    void this.router.navigate(['/live', symbol], { queryParams, queryParamsHandling: 'merge', replaceUrl });
  }
}
