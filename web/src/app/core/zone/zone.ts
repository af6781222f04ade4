import { computed, inject, Injectable, signal } from '@angular/core';

import { Preferences } from '../theme/preferences';
import { zoneLabel } from './exchange-zone';

export type ZoneChoice = 'Exchange' | 'UTC' | 'Local';
/** `UTC`, `Local` (of the device) or a name of the tz database. */
export type ZoneName = string;
export const ZONES: readonly ZoneChoice[] = ['Exchange', 'UTC', 'Local'];

/** In which zone the page writes times. Data stay in UTC; only text depends on this. */
@Injectable({ providedIn: 'root' })
export class Zone {
  private readonly preferences = inject(Preferences);
  readonly choice = signal<ZoneChoice>(this.preferences.read('zone', ZONES, 'Exchange'));
  /** Where the chosen symbol trades, see `exchangeZone`. */
  readonly exchange = signal<ZoneName>('UTC');
  readonly name = computed<ZoneName>(() => {
    const choice = this.choice();
    return choice === 'Exchange' ? this.exchange() : choice;
  });
  /** What the axis says: New York, UTC, Local. */
  readonly label = computed(() => zoneLabel(this.name()));

  choose(choice: ZoneChoice): void {
    this.choice.set(choice);
    this.preferences.write('zone', choice);
  }
}
