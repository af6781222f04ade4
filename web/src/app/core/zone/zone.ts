import { inject, Injectable, signal } from '@angular/core';

import { Preferences } from '../theme/preferences';

export type ZoneName = 'UTC' | 'Local';
export const ZONES: readonly ZoneName[] = ['UTC', 'Local'];

/** In which zone the page writes times. Data stay in UTC; only text depends on this. */
@Injectable({ providedIn: 'root' })
export class Zone {
  private readonly preferences = inject(Preferences);
  readonly name = signal<ZoneName>(this.preferences.read('zone', ZONES, 'UTC'));

  choose(name: ZoneName): void {
    this.name.set(name);
    this.preferences.write('zone', name);
  }
}
