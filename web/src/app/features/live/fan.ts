import { Forecast, priceAt } from '../../core/market/forecast';

/** The central shares of a fan and the opacity of each, drawn one over the other. */
export const FAN_SHARES = [
  { share: 95, low: 0.025, high: 0.975, fill: 14, edge: 35 },
  { share: 80, low: 0.1, high: 0.9, fill: 24, edge: 90 },
  { share: 50, low: 0.25, high: 0.75, fill: 40, edge: 0 },
] as const;

/** A forecast for every horizon that the model has named, of one moment and symbol. */
export interface Fan {
  readonly start: number;
  readonly made: number;
  readonly price: number;
  readonly far: Forecast;
  /** Horizon 0 is the price itself; the rest as forecast, nearest first. */
  readonly knots: readonly FanKnot[];
}

export type FanKnot = Pick<Forecast, 'horizon' | 'due' | 'quantiles'>;

/** The fan of forecasts made together; null if there are none. */
export function fanOf(forecasts: readonly Forecast[]): Fan | null {
  const sorted = [...forecasts].sort((a, b) => a.horizon - b.horizon);
  const far = sorted.at(-1);
  if (!far) return null;
  const origin: FanKnot = { horizon: 0, due: far.made, quantiles: far.quantiles.map(() => far.price) };
  return { start: far.start, made: far.made, price: far.price, far, knots: [origin, ...sorted] };
}

/**
 * The price at `level`, `horizon` bars ahead. Between the horizons of the record it is interpolated in √h, as the
 * spread of a random walk grows.
 */
export function fanPrice(fan: Fan, levels: readonly number[], level: number, horizon: number): number {
  const next = fan.knots.findIndex((knot) => knot.horizon >= horizon);
  const above = fan.knots[next] ?? fan.knots.at(-1)!;
  const below = fan.knots[next - 1];
  const high = priceAt(above.quantiles, levels, level);
  if (!below || above.horizon === horizon) return high;
  const low = priceAt(below.quantiles, levels, level);
  const [a, b, h] = [Math.sqrt(below.horizon), Math.sqrt(above.horizon), Math.sqrt(horizon)];
  return low + ((high - low) * (h - a)) / (b - a);
}

/** Bar starts from the fan's first target to its last: known where forecast, evenly spread between. */
export function fanStarts(fan: Fan, length: number): number[] {
  const starts: number[] = [];
  fan.knots.forEach((knot, at) => {
    const before = fan.knots[at - 1];
    if (!before) return;
    const step = (knot.due - before.due) / (knot.horizon - before.horizon);
    for (let h = 1; h <= knot.horizon - before.horizon; h++) starts.push(Math.round(before.due + step * h) - length);
  });
  return starts;
}
