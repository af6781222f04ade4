import type {
  AutoscaleInfo,
  IChartApi,
  IPrimitivePaneRenderer,
  IPrimitivePaneView,
  ISeriesApi,
  ISeriesPrimitive,
  Logical,
  PrimitivePaneViewZOrder,
  SeriesAttachedParameter,
  SeriesType,
  Time,
} from 'lightweight-charts';

import { priceAt } from '../../../core/market/forecast';
import { tint } from '../../../core/theme/palette';
import { FAN_SHARES, fanPrice } from '../fan';
import { ChartScene } from './chart-scene';
import { gapsOf } from './gaps';

/** Pixels of the bitmap and the two conversions into it. `x` takes an index of `bars`, fractions allowed. */
interface Ground {
  readonly context: CanvasRenderingContext2D;
  readonly ratio: number;
  readonly width: number;
  readonly height: number;
  readonly step: number;
  readonly x: (index: number) => number;
  readonly y: (price: number) => number;
}

const FAN_STEPS = 24;

/** What lies under and over the candles: the future's ground, feed gaps, what had been said, the fan, the now line. */
export class Backdrop implements ISeriesPrimitive<Time> {
  private chart: IChartApi | null = null;
  private series: ISeriesApi<SeriesType> | null = null;
  private request: () => void = () => undefined;

  constructor(
    private readonly scene: ChartScene,
    private readonly pane: 'price' | 'volume',
  ) {}

  attached({ chart, series, requestUpdate }: SeriesAttachedParameter<Time>): void {
    this.chart = chart as IChartApi;
    this.series = series;
    this.request = requestUpdate;
  }

  detached(): void {
    this.chart = this.series = null;
  }

  redraw(): void {
    this.request();
  }

  /** Keeps the outer edges of the fan inside the pane, while its place is in view. */
  autoscaleInfo(from: Logical, to: Logical): AutoscaleInfo | null {
    const { fan, levels, bars } = this.scene;
    if (
      this.pane !== 'price' ||
      !fan ||
      !levels.length ||
      to < bars.length - 1 ||
      from > bars.length + this.scene.future
    )
      return null;
    const edges = [fanPrice(fan, levels, 0.025, fan.far.horizon), fanPrice(fan, levels, 0.975, fan.far.horizon)];
    return { priceRange: { minValue: Math.min(...edges), maxValue: Math.max(...edges) } };
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return [
      this.view('bottom', (ground) => this.paintUnder(ground)),
      this.view('top', (ground) => this.paintOver(ground)),
    ];
  }

  private view(zOrder: PrimitivePaneViewZOrder, paint: (ground: Ground) => void): IPrimitivePaneView {
    const renderer: IPrimitivePaneRenderer = {
      draw: (target) =>
        target.useBitmapCoordinateSpace(({ context, horizontalPixelRatio, verticalPixelRatio, bitmapSize }) => {
          const [scale, series] = [this.chart?.timeScale(), this.series];
          if (!scale || !series || !this.scene.bars.length) return;
          // The scale converts whole indices only; between them it is linear.
          const origin = scale.logicalToCoordinate(0 as Logical) ?? 0;
          const spacing = (scale.logicalToCoordinate(1 as Logical) ?? 1) - origin;
          paint({
            context,
            ratio: horizontalPixelRatio,
            width: bitmapSize.width,
            height: bitmapSize.height,
            step: spacing * horizontalPixelRatio,
            x: (index) => (origin + index * spacing) * horizontalPixelRatio,
            y: (price) => (series.priceToCoordinate(price) ?? -1000) * verticalPixelRatio,
          });
        }),
    };
    return { zOrder: () => zOrder, renderer: () => renderer };
  }

  private paintUnder(ground: Ground): void {
    const { context, width, height, x } = ground;
    const now = x(this.scene.bars.length - 0.5);
    context.save();
    context.fillStyle = tint(this.scene.palette.fan, 5);
    context.fillRect(now, 0, Math.max(0, width - now), height);
    this.paintGaps(ground);
    if (this.pane === 'price') {
      if (this.scene.showRecord) this.paintRecord(ground);
      this.paintFan(ground);
    }
    context.restore();
  }

  private paintGaps({ context, ratio, height, x }: Ground): void {
    const warn = this.scene.palette.warn;
    for (const gap of gapsOf(this.scene.bars, this.scene.length)) {
      const [left, right] = [x(gap.from - 0.5), x(gap.to + 0.5)];
      context.save();
      context.beginPath();
      context.rect(left, 0, right - left, height);
      context.clip();
      context.fillStyle = tint(warn, 5);
      context.fillRect(left, 0, right - left, height);
      context.strokeStyle = tint(warn, 32);
      context.lineWidth = ratio;
      for (let at = left - height; at < right; at += 7 * ratio) {
        context.beginPath();
        context.moveTo(at, height);
        context.lineTo(at + height, 0);
        context.stroke();
      }
      context.restore();
    }
  }

  /** Behind each candle the 80 % that had been said for it. */
  private paintRecord({ context, ratio, width, step, x, y }: Ground): void {
    const { bars, levels, palette, saidFor } = this.scene;
    if (!levels.length) return;
    bars.forEach((bar, index) => {
      const left = Math.round(x(index - 0.5));
      if (left + step < 0 || left > width) return;
      const said = saidFor(bar.start);
      if (!said) return;
      const [high, low] = [y(priceAt(said.quantiles, levels, 0.9)), y(priceAt(said.quantiles, levels, 0.1))];
      const wide = Math.round(x(index + 0.5)) - left;
      context.fillStyle = tint(palette.fan, 9);
      context.fillRect(left, high, wide, low - high);
      context.fillStyle = tint(palette.fan, 38);
      context.fillRect(left, Math.round(high), wide, ratio);
      context.fillRect(left, Math.round(low), wide, ratio);
    });
  }

  private paintFan({ context, ratio, x, y }: Ground): void {
    const { fan, levels, palette, bars, fallback } = this.scene;
    if (!fan || !levels.length) return;
    const at = bars.findLastIndex((bar) => bar.start === fan.start);
    if (at < 0) return;
    const steps = Array.from({ length: FAN_STEPS + 1 }, (_, n) => (n / FAN_STEPS) ** 2 * fan.far.horizon);
    const line = (level: number): [number, number][] =>
      steps.map((h) => [x(at + h), y(fanPrice(fan, levels, level, h))]);
    const trace = (points: readonly [number, number][]): void => points.forEach(([px, py]) => context.lineTo(px, py));
    for (const { low, high, fill, edge } of FAN_SHARES) {
      const [lower, upper] = [line(low), line(high)];
      context.fillStyle = tint(palette.fan, fill);
      context.beginPath();
      trace(upper);
      trace(lower.toReversed());
      context.fill();
      context.strokeStyle = tint(palette.fan, edge);
      context.lineWidth = ratio;
      context.setLineDash(fallback && edge ? [4 * ratio, 3 * ratio] : []);
      for (const points of [lower, upper]) {
        context.beginPath();
        trace(points);
        context.stroke();
      }
    }
    context.setLineDash([]);
    context.strokeStyle = palette.fan;
    context.lineWidth = 1.6 * ratio;
    context.beginPath();
    trace(line(0.5));
    context.stroke();
  }

  private paintOver(ground: Ground): void {
    const { context, ratio, height, x } = ground;
    const { palette, bars, timeText, now } = this.scene;
    const at = Math.round(x(bars.length - 0.5)) + 0.5;
    context.save();
    context.strokeStyle = palette.fan;
    context.lineWidth = ratio;
    context.setLineDash([2 * ratio, 3 * ratio]);
    context.beginPath();
    context.moveTo(at, 0);
    context.lineTo(at, height);
    context.stroke();
    context.setLineDash([]);
    context.font = `${11 * ratio}px ${this.scene.fontFamily}`;
    context.textBaseline = 'top';
    if (this.pane === 'price') {
      const left = at + 7 * ratio;
      this.write(ground, `Now ${timeText(now)}`, left, 8 * ratio, palette.ink2);
      if (this.scene.fan && this.scene.roomy) {
        this.write(ground, this.scene.fanTitle, left, 25 * ratio, palette.fan);
        this.write(ground, '50 80 95 %', left, 41 * ratio, palette.fan);
      }
      this.labelGaps(ground);
    } else {
      this.write(ground, 'Volume', 14 * ratio, 4 * ratio, palette.ink3);
    }
    context.restore();
  }

  private labelGaps(ground: Ground): void {
    const { context, ratio, height, x } = ground;
    context.textAlign = 'center';
    for (const gap of gapsOf(this.scene.bars, this.scene.length)) {
      const middle = x((gap.from + gap.to) / 2);
      const span = `${this.scene.timeText(gap.start)} to ${this.scene.timeText(gap.end)}`;
      const lines = ['Feed gap', span, `${gap.count} ${gap.count === 1 ? 'bar' : 'bars'}, no price`];
      lines.forEach((text, n) =>
        this.write(ground, text, middle, height - (58 - n * 16) * ratio, this.scene.palette.warn),
      );
    }
    context.textAlign = 'left';
  }

  /** Text with a rim in the ground's colour, so that it reads over bars and bands. */
  private write({ context, ratio }: Ground, text: string, x: number, y: number, colour: string): void {
    context.lineJoin = 'round';
    context.lineWidth = 4 * ratio;
    context.strokeStyle = this.scene.palette.bg;
    context.strokeText(text, x, y);
    context.fillStyle = colour;
    context.fillText(text, x, y);
  }
}
