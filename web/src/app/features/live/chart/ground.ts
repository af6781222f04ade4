import { Palette } from '../../../core/theme/palette';

/** Pixels of the bitmap and the two conversions into it. `x` takes an index of `bars`, fractions allowed. */
export interface Ground {
  readonly context: CanvasRenderingContext2D;
  readonly ratio: number;
  readonly width: number;
  readonly height: number;
  readonly step: number;
  readonly x: (index: number) => number;
  readonly y: (price: number) => number;
}

/** Text with a rim in the ground's colour, so that it reads over bars and bands. */
export function write({ context, ratio }: Ground, palette: Palette, text: string, x: number, y: number, hue: string) {
  context.lineJoin = 'round';
  context.lineWidth = 4 * ratio;
  context.strokeStyle = palette.bg;
  context.strokeText(text, x, y);
  context.fillStyle = hue;
  context.fillText(text, x, y);
}
