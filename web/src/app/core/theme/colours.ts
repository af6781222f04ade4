import { DOCUMENT, inject, Injectable } from '@angular/core';

import { Palette, readPalette } from './palette';

/** The palette in force, read from the page once a theme: canvases that draw often ask here. */
@Injectable({ providedIn: 'root' })
export class Colours {
  private readonly root = inject(DOCUMENT).documentElement;
  private key = '';
  private palette: Palette | null = null;

  now(): Palette {
    const { theme, palette } = this.root.dataset;
    const key = `${theme} ${palette}`;
    if (key !== this.key || this.palette === null) this.palette = readPalette(this.root);
    this.key = key;
    return this.palette;
  }
}
