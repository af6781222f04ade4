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
  /** Made beside the served one, to be compared with it. */
  readonly shadow?: boolean;
}

/** The served one first, then the families it is made of, then the floor. */
const ORDER: readonly string[] = ['blend', 'transformer', 'lstm', 'arima', 'har-x', 'harx', 'har', 'ewma', 'naive'];

export function familyRank(family: string): number {
  const at = ORDER.indexOf(family.toLowerCase());
  return at < 0 ? 4.5 : at;
}

/** Which colour stands for the family: a token's name. */
export function familyToken(family: string): 'blend' | 'transformer' | 'lstm' | 'arima' | 'floor' {
  const name = family.toLowerCase();
  return name === 'blend' || name === 'transformer' || name === 'lstm' || name === 'arima' ? name : 'floor';
}

/** Families that stand in when no trained model can speak. */
const FLOOR: ReadonlySet<string> = new Set(['naive', 'ewma', 'har', 'har-x', 'harx']);

export function isFloorFamily(family: string): boolean {
  return FLOOR.has(family.toLowerCase());
}

export function isFallback(forecast: Forecast): boolean {
  return isFloorFamily(forecast.family);
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

/** The level at which `price` stands among the quantiles, linear between them; 0 or 1 outside all of them. */
export function levelAt(quantiles: readonly number[], levels: readonly number[], price: number): number {
  const above = quantiles.findIndex((quantile) => quantile >= price);
  if (above < 0) return 1;
  const [upper, lower] = [quantiles[above]!, quantiles[above - 1]];
  if (lower === undefined) return upper === price ? levels[0]! : 0;
  const share = (price - lower) / (upper - lower);
  return levels[above - 1]! + (levels[above]! - levels[above - 1]!) * share;
}
