import { computed, inject, Injectable, signal } from '@angular/core';
import { Router } from '@angular/router';

import { Quotes } from '../market/quotes';
import { Stream } from '../stream/stream';

/** Which symbol and interval the page is about. The address says it; without one, the hub's first. */
@Injectable({ providedIn: 'root' })
export class Selection {
  private readonly router = inject(Router);
  private readonly stream = inject(Stream);
  private readonly quotes = inject(Quotes);
  private readonly address = signal<{ symbol?: string | undefined; interval?: string | undefined }>({});

  readonly intervals = computed(() => this.stream.hello()?.intervals ?? []);

  /** Empty while neither the address nor the hub has named one. */
  readonly symbol = computed(() => this.address().symbol ?? this.quotes.symbols()[0] ?? '');
  readonly interval = computed(() => {
    const [asked, offered] = [this.address().interval, this.intervals()];
    if (asked && (offered.length === 0 || offered.includes(asked))) return asked;
    return offered.includes('1m') ? '1m' : (offered[0] ?? '');
  });

  /** The router's side: what the address names. */
  follow(symbol: string | undefined, interval: string | undefined): void {
    this.address.set({ symbol, interval });
  }

  choose(symbol: string, interval = this.interval()): void {
    void this.router.navigate(['/live', symbol], { queryParams: { i: interval } });
  }

  chooseInterval(interval: string): void {
    this.choose(this.symbol(), interval);
  }
}
