import {
  CandlestickData,
  CandlestickSeries,
  createChart,
  HistogramData,
  IChartApi,
  IPriceLine,
  ISeriesApi,
  LineSeries,
  Logical,
  MouseEventParams,
  TickMarkType,
  Time,
  UTCTimestamp,
  WhitespaceData,
} from 'lightweight-charts';

import { Bar, isPriced } from '../../../core/market/bar';
import { BarChange } from '../../../core/market/bar-series';
import { Forecast, priceAt } from '../../../core/market/forecast';
import { Palette, tint } from '../../../core/theme/palette';
import { priceDigits } from '../../../ui/text/number-text';
import { Fan, fanStarts } from '../fan';
import { Backdrop } from './backdrop';
import { candleOptions, chartOptions } from './chart-options';
import { ChartScene } from './chart-scene';
import { OverlayLines } from './overlay-lines';
import { PaneStack } from './pane-stack';
import { wholeLabels } from './whole-labels';

const AXIS_PX = 25;
const SCALE_PX = 58;
/** Columns of future that a wide and a narrow chart keep in view. */
const FUTURE_WIDE = 13;
const FUTURE_NARROW = 14;
const HOLLOW_FROM_PX = 6;
const OLDER_WITHIN = 30;

/** Writes times on the axis and under the crosshair. */
export interface TimeWriter {
  readonly tick: (ms: number, date: boolean) => string;
  readonly cursor: (ms: number) => string;
}

export interface ChartEvents {
  /** Index of the bar under the crosshair, or null when it has left. */
  readonly cursor: (index: number | null) => void;
  readonly following: (following: boolean) => void;
  readonly nearStart: () => void;
}

/** Candles, volume and fan of one symbol. Knows nothing of Angular; every index is one of `scene.bars`. */
export class MarketChart {
  private readonly chart: IChartApi;
  private readonly candles: ISeriesApi<'Candlestick'>;
  /** Holds the time axis open to the last target of the fan; draws nothing itself. */
  private readonly horizon: ISeriesApi<'Line'>;
  private readonly backdrop: Backdrop;
  private readonly stack: PaneStack;
  private readonly lines: OverlayLines;
  private edges: IPriceLine[] = [];
  private following = true;
  private hollow = true;
  private cursor: number | null = null;
  private columns = 0;

  constructor(
    private readonly host: HTMLElement,
    private readonly scene: ChartScene,
    private readonly writer: TimeWriter,
    private readonly events: ChartEvents,
  ) {
    const { palette } = scene;
    const narrow = host.clientWidth < 600;
    scene.future = narrow ? FUTURE_NARROW : FUTURE_WIDE;
    scene.roomy = !narrow;
    this.chart = createChart(host, {
      ...chartOptions(palette, scene.fontFamily),
      width: host.clientWidth,
      height: host.clientHeight,
      localization: { timeFormatter: (time: Time) => writer.cursor((time as number) * 1000) },
      timeScale: {
        borderColor: palette.line,
        timeVisible: true,
        barSpacing: narrow ? 5.7 : 11.5,
        minBarSpacing: 1,
        minimumHeight: 24,
        shiftVisibleRangeOnNewBar: false,
        tickMarkFormatter: (time: Time, mark: TickMarkType) =>
          writer.tick((time as number) * 1000, mark < TickMarkType.Time),
      },
    });
    this.candles = this.chart.addSeries(CandlestickSeries, candleOptions(palette, true), 0);
    this.horizon = this.chart.addSeries(
      LineSeries,
      { visible: true, lastValueVisible: false, priceLineVisible: false },
      0,
    );
    this.candles.attachPrimitive((this.backdrop = new Backdrop(scene, 'price')));
    this.stack = new PaneStack(this.chart, scene, (name) => this.fill(name));
    this.lines = new OverlayLines(this.chart, scene, this.stack);
    this.columns = this.columnsAt(narrow ? 5.7 : 11.5);
    this.stretch();
    this.chart.subscribeCrosshairMove((event) => this.moved(event));
    this.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (!range) return;
      this.restyle();
      if (range.from < OLDER_WITHIN && scene.bars.length) this.events.nearStart();
    });
  }

  /** Draws everything anew: another symbol, older bars in front, or a bar put between others. */
  setBars(bars: readonly Bar[], added = 0): void {
    const range = this.chart.timeScale().getVisibleLogicalRange();
    this.scene.bars = bars;
    const last = bars.findLast(isPriced);
    const digits = priceDigits(last?.close ?? 1);
    this.candles.applyOptions({
      priceFormat: wholeLabels(this.candles, 10 ** -digits, (price) => price.toFixed(digits)),
    });
    this.candles.setData(bars.map(candle));
    this.fill('volume');
    this.fill('truth');
    this.lines.refresh();
    this.setFan(this.scene.fan);
    if (!this.following && range && added) this.show(range.from + added, range.to + added);
    else this.follow();
  }

  /** One bar is new or has changed. A late one is patched where it stands. */
  applyBar(bars: readonly Bar[], bar: Bar, kind: BarChange): void {
    this.scene.bars = bars;
    if (kind === 'rebuild') {
      this.setBars(bars);
      return;
    }
    const late = kind === 'patch';
    this.candles.update(candle(bar), late);
    this.stack.series('volume')?.update(this.column(bar), late);
    if (kind !== 'append' && !late) return;
    this.lines.refresh();
    this.fill('truth');
    this.follow();
  }

  setFan(fan: Fan | null): void {
    const { scene } = this;
    scene.fan = fan;
    const last = scene.bars.at(-1)?.start ?? Infinity;
    const ahead = fan ? fanStarts(fan, scene.length).filter((start) => start > last) : [];
    this.horizon.setData(ahead.map((start) => ({ time: seconds(start) })));
    this.redraw();
    this.follow();
  }

  /** The chosen horizon's 80 % edges stand on the price axis. */
  setEdges(forecast: Forecast | null): void {
    const { palette, levels } = this.scene;
    for (const line of this.edges) this.candles.removePriceLine(line);
    this.edges = (forecast && levels.length ? [0.1, 0.9] : []).map((level) =>
      this.candles.createPriceLine({
        price: priceAt(forecast!.quantiles, levels, level),
        color: palette.fan,
        lineVisible: false,
        axisLabelVisible: true,
        axisLabelColor: palette.fan,
        axisLabelTextColor: palette.bg,
        title: '',
      }),
    );
  }

  setPalette(palette: Palette): void {
    this.scene.palette = palette;
    this.chart.applyOptions(chartOptions(palette, this.scene.fontFamily));
    this.candles.applyOptions(candleOptions(palette, this.hollow));
    this.stack.remargin();
    this.lines.recolour();
    this.fill('volume');
    this.redraw();
  }

  /** Which panes and lines stand: volume, rsi, volatility, truth; vwap, ema. */
  setShown(names: ReadonlySet<string>): void {
    this.stack.show(names);
    this.lines.show(names);
    this.lines.recolour();
    this.stretch();
    this.follow();
  }

  /** The chart as it stands, with all its panes. */
  picture(): HTMLCanvasElement {
    return this.chart.takeScreenshot(true, false);
  }

  /** Times are written anew, for instance in another zone. */
  rewrite(): void {
    this.chart.applyOptions({ localization: { timeFormatter: (t: Time) => this.writer.cursor((t as number) * 1000) } });
    this.chart.timeScale().applyOptions({});
    this.redraw();
  }

  resize(width: number, height: number): void {
    const before = this.chart.timeScale().width();
    this.chart.resize(width, height);
    if (before > 0) this.columns *= Math.max(0.1, (width - SCALE_PX) / before);
    this.stretch();
    this.follow();
  }

  /** Back to the newest bars. */
  goLive(): void {
    this.setFollowing(true);
    this.follow();
  }

  /** The user moved the view: following ends when the newest bar has left its place. */
  userMoved(): void {
    const range = this.chart.timeScale().getVisibleLogicalRange();
    if (!range) return;
    this.columns = range.to - range.from;
    this.setFollowing(range.to > this.scene.bars.length - 0.5);
  }

  /** Moves the crosshair by bars; it starts at the last one. */
  moveCursor(step: number): void {
    const last = this.scene.bars.length - 1;
    const at = Math.min(last, Math.max(0, (this.cursor ?? last + (step < 0 ? 1 : 0)) + step));
    const bar = this.scene.bars[at];
    if (!bar) return;
    const range = this.chart.timeScale().getVisibleLogicalRange();
    if (range && (at < range.from || at > range.to)) {
      const wide = range.to - range.from;
      this.show(at - wide / 2, at + wide / 2);
      this.userMoved();
    }
    this.chart.setCrosshairPosition(
      bar.close ?? this.scene.bars.findLast(isPriced)?.close ?? 0,
      seconds(bar.start),
      this.candles,
    );
    this.cursor = at;
    this.events.cursor(at);
  }

  clearCursor(): void {
    this.chart.clearCrosshairPosition();
    this.cursor = null;
    this.events.cursor(null);
  }

  zoom(factor: number): void {
    this.columns = Math.min(1500, Math.max(20, this.columns * factor));
    const range = this.chart.timeScale().getVisibleLogicalRange();
    if (this.following) this.follow();
    else if (range) this.show(range.to - this.columns, range.to);
  }

  remove(): void {
    this.chart.remove();
  }

  private follow(): void {
    if (!this.following || !this.scene.bars.length) return;
    const to = this.scene.bars.length - 1 + this.scene.future;
    this.show(to - this.columns, to);
  }

  private show(from: number, to: number): void {
    this.chart.timeScale().setVisibleLogicalRange({ from, to });
  }

  private setFollowing(following: boolean): void {
    if (this.following === following) return;
    this.following = following;
    this.events.following(following);
  }

  private redraw(): void {
    this.backdrop.redraw();
    this.stack.redraw();
  }

  private restyle(): void {
    const range = this.chart.timeScale().getVisibleLogicalRange();
    const spacing = range ? this.chart.timeScale().width() / (range.to - range.from) : HOLLOW_FROM_PX;
    const hollow = spacing >= HOLLOW_FROM_PX;
    if (hollow === this.hollow) return;
    this.hollow = hollow;
    this.candles.applyOptions(candleOptions(this.scene.palette, hollow));
  }

  private stretch(): void {
    this.stack.stretch(this.host.clientHeight - AXIS_PX);
  }

  private fill(name: string): void {
    const { bars } = this.scene;
    if (name === 'volume') this.stack.series('volume')?.setData(bars.map((bar) => this.column(bar)));
    // The lane's own scale needs points to stand on; what is seen is painted.
    if (name === 'truth')
      this.stack.series('truth')?.setData(bars.map((bar) => ({ time: seconds(bar.start), value: 0.5 })));
  }

  private columnsAt(spacing: number): number {
    return Math.max(20, (this.host.clientWidth - SCALE_PX) / spacing);
  }

  private moved(event: MouseEventParams<Time>): void {
    const at = event.logical === undefined ? null : Math.round(event.logical as Logical);
    const known = at !== null && at >= 0 && at < this.scene.bars.length ? at : null;
    if (event.sourceEvent === undefined && known === null) return;
    this.cursor = known;
    this.events.cursor(known);
  }

  private column(bar: Bar): HistogramData | WhitespaceData {
    if (!isPriced(bar)) return { time: seconds(bar.start) };
    const colour = bar.close >= bar.open ? this.scene.palette.up : this.scene.palette.down;
    return { time: seconds(bar.start), value: bar.volume ?? 0, color: tint(colour, 45) };
  }
}

function candle(bar: Bar): CandlestickData | WhitespaceData {
  if (!isPriced(bar)) return { time: seconds(bar.start) };
  return { time: seconds(bar.start), open: bar.open, high: bar.high, low: bar.low, close: bar.close };
}

function seconds(ms: number): UTCTimestamp {
  return (ms / 1000) as UTCTimestamp;
}
