import {
  IChartApi,
  ISeriesApi,
  LineData,
  LineSeries,
  LineStyle,
  UTCTimestamp,
  WhitespaceData,
} from 'lightweight-charts';

import { Bar } from '../../../core/market/bar';
import { ema, Line, rsi, volatility, vwap } from '../../../core/market/indicators';
import { sessionOpens } from '../../../core/market/sessions';
import { ChartScene } from './chart-scene';
import { PaneStack } from './pane-stack';

export const EMA_BARS = 20;
const RSI_BARS = 14;
const VOLATILITY_BARS = 20;

/** Lines computed from the bars: VWAP and EMA over the candles, RSI and volatility in their panes. */
export class OverlayLines {
  private readonly over = new Map<'vwap' | 'ema', ISeriesApi<'Line'>>();

  constructor(
    private readonly chart: IChartApi,
    private readonly scene: ChartScene,
    private readonly stack: PaneStack,
  ) {}

  show(names: ReadonlySet<string>): void {
    for (const name of ['vwap', 'ema'] as const) {
      const present = this.over.get(name);
      if (present && !names.has(name)) {
        this.chart.removeSeries(present);
        this.over.delete(name);
      }
      if (!present && names.has(name)) this.over.set(name, this.add(name));
    }
    this.refresh();
  }

  /** Computes all anew: a bar has closed, or bars came in between. A forming bar waits for its close. */
  refresh(): void {
    const { bars, length, sessions } = this.scene;
    this.over.get('vwap')?.setData(points(bars, vwap(bars, new Set(sessionOpens(bars, length, sessions)))));
    this.over.get('ema')?.setData(points(bars, ema(bars, EMA_BARS)));
    this.stack.series('rsi')?.setData(points(bars, rsi(bars, RSI_BARS)));
    this.stack.series('volatility')?.setData(points(bars, volatility(bars, VOLATILITY_BARS)));
  }

  recolour(): void {
    const { palette } = this.scene;
    this.over.get('vwap')?.applyOptions({ color: palette.ink2 });
    this.over.get('ema')?.applyOptions({ color: palette.ink3 });
    this.stack.series('rsi')?.applyOptions({ color: palette.ink2 });
    this.stack.series('volatility')?.applyOptions({ color: palette.ink2 });
    // Only the painting of the lane's backdrop is seen; its series holds the scale.
    this.stack.series('truth')?.applyOptions({ color: 'transparent' });
  }

  private add(name: 'vwap' | 'ema'): ISeriesApi<'Line'> {
    const { palette } = this.scene;
    return this.chart.addSeries(LineSeries, {
      color: name === 'vwap' ? palette.ink2 : palette.ink3,
      lineWidth: 1,
      lineStyle: name === 'vwap' ? LineStyle.Solid : LineStyle.Dashed,
      lastValueVisible: false,
      priceLineVisible: false,
      crosshairMarkerVisible: false,
    });
  }
}

/** The line ends where its bars do: the last point before a gap draws nothing towards the next. */
function points(bars: readonly Bar[], line: Line): (LineData | WhitespaceData)[] {
  return bars.map((bar, at) => {
    const time = (bar.start / 1000) as UTCTimestamp;
    const value = line[at];
    if (value === null || value === undefined) return { time };
    return at + 1 < line.length && line[at + 1] === null ? { time, value, color: 'transparent' } : { time, value };
  });
}
