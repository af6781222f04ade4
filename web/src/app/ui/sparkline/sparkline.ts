import { ChangeDetectionStrategy, Component, DestroyRef, effect, ElementRef, inject, input } from '@angular/core';

import { Colours } from '../../core/theme/colours';
import { Theme } from '../../core/theme/theme';

const EVERY_MS = 250;

/** A line of closes in `ink-2`, its end dot in the price's colour, `base` dotted where it is in range. Drawn four times a second at most. */
@Component({
  selector: 'ca-sparkline',
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { '[style.width.px]': 'width()', '[style.height.px]': 'height()' },
  template: `<canvas aria-hidden="true"></canvas>`,
  styles: `
    :host,
    canvas {
      display: block;
      width: 100%;
      height: 100%;
    }
  `,
})
export class Sparkline {
  readonly points = input.required<readonly number[]>();
  readonly base = input<number | null>(null);
  readonly width = input(68);
  readonly height = input(20);
  private readonly host = inject<ElementRef<HTMLElement>>(ElementRef);
  private readonly theme = inject(Theme);

  private readonly colours = inject(Colours);
  private drawnAt = -EVERY_MS;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    effect(() => {
      this.theme.shown();
      this.theme.palette();
      this.points();
      this.base();
      this.width();
      this.height();
      // Also for a theme just chosen: a frame later its tokens are in force.
      this.timer ??= setTimeout(() => this.paint(), Math.max(16, this.drawnAt + EVERY_MS - performance.now()));
    });
    inject(DestroyRef).onDestroy(() => clearTimeout(this.timer));
  }

  private paint(): void {
    this.timer = undefined;
    this.drawnAt = performance.now();
    this.draw(this.points(), this.base(), this.width(), this.height());
  }

  private draw(points: readonly number[], base: number | null, width: number, height: number): void {
    const canvas = this.host.nativeElement.querySelector('canvas')!;
    const context = canvas.getContext('2d');
    if (!context) return;
    const ratio = window.devicePixelRatio || 1;
    const size = [Math.round(width * ratio), Math.round(height * ratio)] as const;
    // A new size, even the same, makes a new bitmap: only where it has changed.
    if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    if (points.length < 2) return;
    const colour = this.colours.now();
    const [low, high] = [Math.min(...points), Math.max(...points)];
    const x = (at: number): number => 1 + (at / (points.length - 1)) * (width - 5);
    const y = (value: number): number => height - 3 - ((value - low) / (high - low || 1)) * (height - 6);
    if (base !== null && base >= low && base <= high) {
      context.setLineDash([1.5, 2.5]);
      context.strokeStyle = colour.lineStrong;
      context.beginPath();
      context.moveTo(0, y(base));
      context.lineTo(width, y(base));
      context.stroke();
      context.setLineDash([]);
    }
    context.lineWidth = 1.2;
    context.lineJoin = 'round';
    context.strokeStyle = colour.ink2;
    context.beginPath();
    points.forEach((value, at) => context.lineTo(x(at), y(value)));
    context.stroke();
    const [first, last] = [base ?? points[0]!, points.at(-1)!];
    context.fillStyle = last === first ? colour.ink : last > first ? colour.up : colour.down;
    context.beginPath();
    context.arc(x(points.length - 1), y(last), 2, 0, 7);
    context.fill();
  }
}
