import { computed, inject, Injectable, signal } from '@angular/core';

import { Quotes } from '../../core/market/quotes';
import { Preferences } from '../../core/theme/preferences';

/** The hub's symbols without those that the reader has taken off the list on this device. */
@Injectable({ providedIn: 'root' })
export class Watched {
  private readonly quotes = inject(Quotes);
  private readonly preferences = inject(Preferences);
  private readonly removed = signal<readonly string[]>(this.kept());
  readonly symbols = computed(() => {
    const removed = new Set(this.removed());
    return this.quotes.symbols().filter((symbol) => !removed.has(symbol));
  });
  /** Those that could come back. */
  readonly away = computed(() => this.removed().filter((symbol) => this.quotes.symbols().includes(symbol)));

  remove(symbol: string): void {
    this.set([...this.removed().filter((each) => each !== symbol), symbol]);
  }

  restore(symbol: string): void {
    this.set(this.removed().filter((each) => each !== symbol));
  }

  private set(removed: readonly string[]): void {
    this.removed.set(removed);
    this.preferences.write('unwatched', JSON.stringify(removed));
  }

  private kept(): readonly string[] {
    try {
      const kept: unknown = JSON.parse(this.preferences.text('unwatched') ?? '[]');
      return Array.isArray(kept) ? kept.filter((each) => typeof each === 'string') : [];
    } catch {
      return [];
    }
  }
}
