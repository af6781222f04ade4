import { ForecastRow, ScoreRow } from '../../core/api/schema';

/** A forecast of `symbol` as GET /forecasts gives it. */
export interface SaidRow extends ForecastRow {
  readonly symbol: string;
}

/** A forecast with its truth. `bin` counts the quantiles below the truth, 0 to their number. */
export interface Outcome {
  readonly family: string;
  readonly version: string;
  readonly due: number;
  readonly bin: number;
}

/** How the truths of one version fell among its own quantiles. */
export interface Calibration {
  readonly n: number;
  /** Independent cases among them: distinct due times, over the bars that neighbours share. */
  readonly independent: number;
  /** Observed less nominal share of truths below each level. */
  readonly gaps: readonly number[];
  /** Density of the probability integral transform between the levels, 1 where calibrated. */
  readonly densities: readonly number[];
}

/** Joins what was said with what came. A score whose forecast is not at hand is left out. */
export function outcomesOf(said: readonly SaidRow[], scores: readonly ScoreRow[], horizon: number): readonly Outcome[] {
  const key = (row: { symbol: string; start: number; horizon: number; family: string; version: string }): string =>
    `${row.symbol} ${row.start} ${row.horizon} ${row.family} ${row.version}`;
  const forecasts = new Map(said.map((row) => [key(row), row]));
  const outcomes: Outcome[] = [];
  for (const score of scores) {
    if (score.horizon !== horizon || score.truth === null) continue;
    const quantiles = forecasts.get(key(score))?.quantiles;
    if (!quantiles?.length) continue;
    const truth = score.truth;
    const bin = quantiles.filter((quantile) => quantile !== null && quantile < truth).length;
    outcomes.push({ family: score.family, version: score.version, due: score.due, bin });
  }
  return outcomes;
}

/** Null with fewer than `least` outcomes: of so few nothing can be said. */
export function calibrate(
  outcomes: readonly Outcome[],
  levels: readonly number[],
  horizon: number,
  least = 30,
): Calibration | null {
  const n = outcomes.length;
  if (n < least) return null;
  const counts = new Array<number>(levels.length + 1).fill(0);
  for (const { bin } of outcomes) counts[bin] = (counts[bin] ?? 0) + 1;
  let below = 0;
  const gaps = levels.map((level, at) => {
    below += counts[at]!;
    return below / n - level;
  });
  const edges = [0, ...levels, 1];
  const densities = counts.map((count, at) => count / n / (edges[at + 1]! - edges[at]!));
  const independent = Math.max(1, new Set(outcomes.map((each) => each.due)).size / horizon);
  return { n, independent, gaps, densities };
}

/** How far an observed share strays from `level` by chance in 19 of 20 cases. */
export function chance(level: number, independent: number): number {
  return 1.96 * Math.sqrt((level * (1 - level)) / independent);
}

/** CRPS over that of EWMA, and half the width of its 95 % interval by blocks of due times. */
export interface FloorRatio {
  readonly ratio: number;
  readonly half: number;
  readonly n: number;
}

const BLOCKS = 20;

/**
 * Ratio of summed losses with the linearised error of a ratio, over blocks of neighbouring due times: forecasts of
 * several bars share their returns, and symbols of one time share the market. Null with too few times for blocks.
 */
export function floorRatio(scores: readonly ScoreRow[]): FloorRatio | null {
  const known = scores.filter((row) => row.crps !== null && row.crps_ewma !== null).sort((a, b) => a.due - b.due);
  const times = [...new Set(known.map((row) => row.due))];
  const whole = known.reduce((sum, row) => sum + row.crps_ewma!, 0);
  if (times.length < 2 * BLOCKS || whole <= 0) return null;
  const ratio = known.reduce((sum, row) => sum + row.crps!, 0) / whole;
  const blockOf = new Map(times.map((due, at) => [due, Math.floor((at / times.length) * BLOCKS)]));
  const errors = new Array<number>(BLOCKS).fill(0);
  for (const row of known) errors[blockOf.get(row.due)!]! += row.crps! - ratio * row.crps_ewma!;
  const variance = errors.reduce((sum, error) => sum + error * error, 0) * (BLOCKS / (BLOCKS - 1));
  return { ratio, half: (1.96 * Math.sqrt(variance)) / whole, n: known.length };
}
