import { computed, inject, Injectable, signal } from '@angular/core';

import { Selection } from '../../core/selection/selection';
import { Preferences } from '../../core/theme/preferences';

/** What the chart can show beside candles and fan, in the order of the menu. */
export const PARTS = [
  { name: 'volume', text: 'Volume' },
  { name: 'vwap', text: 'VWAP' },
  { name: 'ema', text: 'EMA 20' },
  { name: 'record', text: 'Forecast record' },
  { name: 'truth', text: 'Truth lane' },
  { name: 'rsi', text: 'RSI 14' },
  { name: 'volatility', text: 'Volatility 20' },
] as const;

const FIRST = 'volume,record,truth';

/** Which parts of the chart stand: as the address says, else as last chosen on this device. */
@Injectable()
export class ShownParts {
  private readonly selection = inject(Selection);
  private readonly preferences = inject(Preferences);
  private readonly kept = signal(this.preferences.text('parts') ?? FIRST);
  readonly names = computed<ReadonlySet<string>>(() => new Set(this.selection.show() ?? this.kept().split(',')));

  toggle(name: string): void {
    const on = this.names();
    const next = PARTS.map((part) => part.name).filter((each) => (each === name ? !on.has(each) : on.has(each)));
    this.kept.set(next.join(','));
    this.preferences.write('parts', next.join(','));
    this.selection.chooseShow(next);
  }
}
