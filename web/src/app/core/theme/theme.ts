import { computed, DOCUMENT, effect, inject, Injectable, signal } from '@angular/core';

import { Preferences } from './preferences';

export type Scheme = 'system' | 'dark' | 'light';
export type PaletteName = 'standard' | 'cb';

const ORDER: readonly Scheme[] = ['system', 'dark', 'light'];

/** Colour scheme and palette: attributes on <html>, kept on this device. `public/first-paint.js` sets them first. */
@Injectable({ providedIn: 'root' })
export class Theme {
  private readonly preferences = inject(Preferences);
  readonly scheme = signal<Scheme>(this.preferences.read('scheme', ORDER, 'system'));
  readonly palette = signal<PaletteName>(this.preferences.read('palette', ['standard', 'cb'], 'standard'));

  private readonly systemLight = signal(false);
  readonly shown = computed<'dark' | 'light'>(() => {
    const scheme = this.scheme();
    if (scheme !== 'system') return scheme;
    return this.systemLight() ? 'light' : 'dark';
  });

  constructor() {
    const document = inject(DOCUMENT);
    const query = document.defaultView!.matchMedia('(prefers-color-scheme: light)');
    this.systemLight.set(query.matches);
    query.addEventListener('change', (event) => this.systemLight.set(event.matches));
    effect(() => {
      const data = document.documentElement.dataset;
      data['theme'] = this.shown();
      if (this.palette() === 'cb') data['palette'] = 'cb';
      else delete data['palette'];
      this.preferences.write('scheme', this.scheme());
      this.preferences.write('palette', this.palette());
    });
  }

  nextScheme(): void {
    this.scheme.update((scheme) => ORDER[(ORDER.indexOf(scheme) + 1) % ORDER.length]!);
  }

  togglePalette(): void {
    this.palette.update((palette) => (palette === 'cb' ? 'standard' : 'cb'));
  }
}
