import { Bar } from '../../core/market/bar';
import { Forecast, priceAt } from '../../core/market/forecast';

const HEAD = 'start,open,high,low,close,volume,vwap,trades,state,quality,said_family,said_10,said_50,said_90';

/** Bars as CSV with what had been said for each; times in ISO 8601 UTC, an empty cell where there is no value. */
export function barsCsv(
  bars: readonly Bar[],
  levels: readonly number[],
  saidFor: (start: number) => Forecast | undefined,
): string {
  const rows = bars.map((bar) => {
    const said = saidFor(bar.start);
    const quantile = (level: number): number | '' => (said ? priceAt(said.quantiles, levels, level) : '');
    return [
      new Date(bar.start).toISOString(),
      ...[bar.open, bar.high, bar.low, bar.close, bar.volume, bar.vwap].map((value) => value ?? ''),
      ...[bar.trades, bar.state, bar.quality, said?.family ?? ''],
      ...[0.1, 0.5, 0.9].map(quantile),
    ].join(',');
  });
  return [HEAD, ...rows, ''].join('\r\n');
}

/** Hands a file to the browser's downloads. */
export function save(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name.replaceAll(/[^\w.-]+/g, '-');
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
