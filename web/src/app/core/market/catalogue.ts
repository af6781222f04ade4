import { computed, effect, inject, Injectable, signal, untracked } from '@angular/core';

import { HubApi } from '../api/hub-api';
import { SymbolReply, SymbolRow } from '../api/schema';
import { Stream } from '../stream/stream';

/** Milliseconds for which what is known is new enough: the hub looks each archived symbol up. */
const FRESH = 60_000;

/** What the hub knows of symbols beside their prices: all that it ever had bars of with their names, and of one, at which intervals. */
@Injectable({ providedIn: 'root' })
export class Catalogue {
  private readonly api = inject(HubApi);
  private readonly stream = inject(Stream);
  private readonly known = signal<readonly SymbolRow[]>([]);
  private readonly facts = signal<SymbolReply | null>(null);
  readonly rows = this.known.asReadonly();
  private loaded = 0;
  private readonly names = computed(() => new Map(this.known().map((row) => [row.symbol, row.name])));

  constructor() {
    effect(() => {
      if (this.stream.hello()?.boot) untracked(() => void this.load());
    });
  }

  /** Asks again, but not twice a minute. */
  refresh(): void {
    if (performance.now() - this.loaded > FRESH) void this.load();
  }

  private async load(): Promise<void> {
    this.loaded = performance.now();
    try {
      this.known.set((await this.api.symbols()).symbols);
    } catch {
      // Without it a symbol is found by itself alone.
    }
  }

  /** Asks at which intervals `symbol` has bars. */
  async look(symbol: string): Promise<void> {
    try {
      this.facts.set(await this.api.symbol(symbol));
    } catch {
      // The live intervals are known without it.
    }
  }

  /** Empty where nobody has named the symbol. */
  nameOf(symbol: string): string {
    return this.names().get(symbol) ?? '';
  }

  /** At which intervals `symbol` has bars, the finest first; empty until the hub has told. */
  intervalsOf(symbol: string): readonly string[] {
    const facts = this.facts();
    return facts?.symbol === symbol ? facts.intervals : [];
  }
}
