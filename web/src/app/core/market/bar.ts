/** Open, high, low, close, volume of `[start, start + interval)`. `start` in ms UTC; a `no_data` bar has no prices. */
export interface Bar {
  readonly start: number;
  readonly open: number | null;
  readonly high: number | null;
  readonly low: number | null;
  readonly close: number | null;
  readonly volume: number | null;
  readonly vwap: number | null;
  readonly trades: number;
  readonly state: 'forming' | 'final' | 'revised';
  readonly revision: number;
  readonly quality: 'ok' | 'partial' | 'no_trade' | 'no_data';
}

/** A bar with prices, the only kind that is drawn as a candle. */
export type PricedBar = Bar & {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
};

export function isPriced(bar: Bar): bar is PricedBar {
  return bar.quality !== 'no_data' && bar.open !== null && bar.high !== null && bar.low !== null && bar.close !== null;
}
