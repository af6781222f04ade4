/** What a model said at `made` about the price at `due`, both in ms UTC; `quantiles` are prices at the hub's levels. */
export interface Forecast {
  readonly start: number;
  readonly made: number;
  readonly horizon: number;
  readonly due: number;
  readonly price: number;
  readonly quantiles: readonly number[];
  readonly family: string;
  readonly version: string;
}

/** Families that stand in when no trained model can speak. */
const FLOOR: ReadonlySet<string> = new Set(['naive', 'ewma', 'har', 'har-x', 'harx']);

export function isFallback(forecast: Forecast): boolean {
  return FLOOR.has(forecast.family.toLowerCase());
}

/** Short names stay upper case: EWMA, LSTM, HAR-X; words get a capital: Blend. */
export function familyName(family: string): string {
  const short = ['ewma', 'har', 'har-x', 'lstm', 'arima'];
  if (family === 'harx') return 'HAR-X';
  return short.includes(family) ? family.toUpperCase() : family.charAt(0).toUpperCase() + family.slice(1);
}

/** v7 for a bare number, anything else as it is. */
export function versionText(version: string): string {
  return /^\d+$/.test(version) ? `v${version}` : version;
}

/** The price at `level`, linear between the two levels beside it. */
export function priceAt(quantiles: readonly number[], levels: readonly number[], level: number): number {
  const above = levels.findIndex((each) => each >= level - 1e-9);
  const upper = quantiles[above];
  if (above < 0 || upper === undefined) return quantiles.at(-1) ?? NaN;
  const lower = quantiles[above - 1];
  if (Math.abs(levels[above]! - level) < 1e-9 || lower === undefined) return upper;
  const share = (level - levels[above - 1]!) / (levels[above]! - levels[above - 1]!);
  return lower + (upper - lower) * share;
}
