import { HistogramSeries, IChartApi, ISeriesApi, LineSeries, SeriesType } from 'lightweight-charts';

import { Backdrop, PaneName } from './backdrop';
import { ChartScene } from './chart-scene';
import { wholeLabels } from './whole-labels';

type LowerPane = Exclude<PaneName, 'price'>;

/** From the top down. Heights in CSS pixels on a wide and a narrow chart; the price takes the rest. */
const ORDER: readonly LowerPane[] = ['volume', 'rsi', 'volatility', 'truth'];
const HEIGHTS: Readonly<Record<LowerPane, readonly [wide: number, narrow: number]>> = {
  volume: [62, 46],
  rsi: [64, 48],
  volatility: [64, 48],
  truth: [78, 64],
};

/** Free room above and below the values, as shares of the pane. */
const MARGINS: Readonly<Record<LowerPane, { readonly top: number; readonly bottom: number }>> = {
  volume: { top: 0.12, bottom: 0 },
  rsi: { top: 0.3, bottom: 0.06 },
  volatility: { top: 0.3, bottom: 0.06 },
  truth: { top: 0.3, bottom: 0.06 },
};

interface LowerSeries {
  readonly series: ISeriesApi<SeriesType>;
  readonly backdrop: Backdrop;
}

const AXIS = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

/** 400 k is written 400K: the axis has room for no more. */
function axisVolume(volume: number): string {
  return AXIS.format(volume);
}

/** The panes under the price, each with one series; they come and go, in one order. */
export class PaneStack {
  private readonly panes = new Map<LowerPane, LowerSeries>();

  constructor(
    private readonly chart: IChartApi,
    private readonly scene: ChartScene,
    private readonly create: (name: LowerPane) => void,
  ) {}

  /** Shows exactly `names`; `create` is called for each new one once its series stands. */
  show(names: ReadonlySet<string>): void {
    for (const name of ORDER) {
      const present = this.panes.get(name);
      if (names.has(name) && !present) this.add(name);
      if (!names.has(name) && present) {
        this.chart.removeSeries(present.series);
        this.panes.delete(name);
      }
    }
    ORDER.filter((name) => this.panes.has(name)).forEach((name, at) => {
      this.panes
        .get(name)!
        .series.getPane()
        .moveTo(at + 1);
    });
  }

  series(name: LowerPane): ISeriesApi<SeriesType> | undefined {
    return this.panes.get(name)?.series;
  }

  /** The chart's own options set the margins of all panes: after them, each gets its own. */
  remargin(): void {
    for (const [name, { series }] of this.panes) series.priceScale().applyOptions({ scaleMargins: MARGINS[name] });
  }

  redraw(): void {
    for (const { backdrop } of this.panes.values()) backdrop.redraw();
  }

  /** Gives the panes their heights within `height`, the time axis already taken off. */
  stretch(height: number): void {
    const shown = ORDER.filter((name) => this.panes.has(name));
    const heights = shown.map((name) => HEIGHTS[name][this.scene.roomy ? 0 : 1]);
    const price = Math.max(80, height - heights.reduce((sum, each) => sum + each, 0));
    this.chart.panes().forEach((pane, at) => pane.setStretchFactor(at === 0 ? price : (heights[at - 1] ?? 1)));
  }

  private add(name: LowerPane): void {
    const at = this.chart.panes().length;
    const quiet = { lastValueVisible: false, priceLineVisible: false } as const;
    const series: ISeriesApi<SeriesType> =
      name === 'volume'
        ? this.chart.addSeries(HistogramSeries, quiet, at)
        : this.chart.addSeries(LineSeries, { ...quiet, lineWidth: 1, crosshairMarkerVisible: false }, at);
    if (name === 'volume') series.applyOptions({ priceFormat: wholeLabels(series, 1, axisVolume) });
    if (name === 'truth') this.fixScale(series, 0, 1, () => '');
    if (name === 'rsi') this.fixScale(series, 0, 100, (value) => value.toFixed(0));
    const backdrop = new Backdrop(this.scene, name);
    series.attachPrimitive(backdrop);
    this.panes.set(name, { series, backdrop });
    this.remargin();
    this.create(name);
  }

  private fixScale(series: ISeriesApi<SeriesType>, minValue: number, maxValue: number, text: (n: number) => string) {
    series.applyOptions({
      priceFormat: wholeLabels(series, 0.01, text),
      autoscaleInfoProvider: () => ({ priceRange: { minValue, maxValue } }),
    });
  }
}
