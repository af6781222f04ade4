import type {
  AutoscaleInfo,
  IChartApi,
  IPrimitivePaneRenderer,
  IPrimitivePaneView,
  ISeriesApi,
  ISeriesPrimitive,
  ISeriesPrimitiveAxisView,
  Logical,
  PrimitivePaneViewZOrder,
  SeriesAttachedParameter,
  SeriesType,
  Time,
} from 'lightweight-charts';

import { sessionOpens } from '../../../core/market/sessions';
import { fanPrice } from '../fan';
import { ChartScene } from './chart-scene';
import { Ground, write } from './ground';
import { labelTruth, paintBrackets, paintFan, paintRecord, paintTruth } from './paint-said';
import { labelTime, paintGaps, paintNow, paintSessions } from './paint-time';

export type PaneName = 'price' | 'volume' | 'rsi' | 'volatility' | 'truth';

const DAY_MS = 86_400_000;
/** Where the words above the fan end, in px from the top. */
const FAN_WORDS_END = 60;

const TITLES: Readonly<Record<PaneName, string>> = {
  ...{ price: '', truth: '', volume: 'Volume' },
  ...{ rsi: 'RSI 14', volatility: 'Volatility, 20 bars, bp a bar' },
};

/** What lies under and over a pane's series: sessions, feed gaps, what had been said, the fan, the now line, words. */
export class Backdrop implements ISeriesPrimitive<Time> {
  private chart: IChartApi | null = null;
  private series: ISeriesApi<SeriesType> | null = null;
  private request: () => void = () => undefined;

  constructor(
    private readonly scene: ChartScene,
    private readonly pane: PaneName,
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
    if (this.pane !== 'price' || !fan || !levels.length) return null;
    if (to < bars.length - 1 || from > bars.length + this.scene.future) return null;
    const edges = [fanPrice(fan, levels, 0.025, fan.far.horizon), fanPrice(fan, levels, 0.975, fan.far.horizon)];
    return { priceRange: { minValue: Math.min(...edges), maxValue: Math.max(...edges) } };
  }

  paneViews(): readonly IPrimitivePaneView[] {
    return [
      this.view('bottom', (ground) => this.paintUnder(ground)),
      this.view('top', (ground) => this.paintOver(ground)),
    ];
  }

  /** The lane's axis names the edges of the 80 % interval and nothing else. */
  priceAxisViews(): readonly ISeriesPrimitiveAxisView[] {
    if (this.pane !== 'truth') return [];
    return [0.9, 0.1].map((level) => ({
      coordinate: () => this.series?.priceToCoordinate(level) ?? -100,
      text: () => `${level * 100}`,
      textColor: () => this.scene.palette.ink3,
      backColor: () => this.scene.palette.bg,
    }));
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
          context.save();
          context.font = `${11 * horizontalPixelRatio}px ${this.scene.fontFamily}`;
          context.textBaseline = 'top';
          paint({
            context,
            ratio: horizontalPixelRatio,
            width: bitmapSize.width,
            height: bitmapSize.height,
            step: spacing * horizontalPixelRatio,
            x: (index) => (origin + index * spacing) * horizontalPixelRatio,
            y: (price) => (series.priceToCoordinate(price) ?? -1000) * verticalPixelRatio,
          });
          context.restore();
        }),
    };
    return { zOrder: () => zOrder, renderer: () => renderer };
  }

  private paintUnder(ground: Ground): void {
    const { scene } = this;
    paintSessions(ground, scene);
    paintGaps(ground, scene);
    if (!scene.levels.length) return;
    if (this.pane === 'truth') paintTruth(ground, scene);
    if (this.pane !== 'price') return;
    if (scene.showRecord) paintRecord(ground, scene);
    paintFan(ground, scene);
    paintBrackets(ground, scene);
  }

  private paintOver(ground: Ground): void {
    const { scene, pane } = this;
    const { palette } = scene;
    paintNow(ground, scene);
    if (pane === 'price') {
      this.nameFuture(ground);
      labelTime(ground, scene);
    } else if (pane === 'truth') {
      const opened = sessionOpens(scene.bars, scene.length, scene.sessions).at(-1) ?? 0;
      if (scene.levels.length) labelTruth(ground, scene, opened);
    } else {
      write(ground, palette, TITLES[pane], (scene.roomy ? 14 : 10) * ground.ratio, 4 * ground.ratio, palette.ink3);
    }
  }

  private nameFuture(ground: Ground): void {
    const { ratio, height, x, y } = ground;
    const { bars, palette, fan, fanTitle, roomy, levels, length, endText, now } = this.scene;
    const left = Math.round(x(bars.length - 0.5)) + 7 * ratio;
    const when = roomy || length < DAY_MS ? ` ${endText(now)}` : '';
    write(ground, palette, `Now${when}`, left, 8 * ratio, palette.ink2);
    if (!fan || !roomy || !levels.length) return;
    // Above the fan where it leaves room there, else at the foot of the pane.
    const above = y(fanPrice(fan, levels, 0.975, fan.far.horizon)) > FAN_WORDS_END * ratio;
    const top = above ? 25 * ratio : height - 41 * ratio;
    write(ground, palette, fanTitle, left, top, palette.fan);
    write(ground, palette, '50 80 95 %', left, top + 16 * ratio, palette.fan);
  }
}
