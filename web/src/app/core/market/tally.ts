import { Score } from './score';

/** Shares and losses over `n` scores with a truth; `ratio` is CRPS over naive's, null where naive lost nothing. */
export interface Tally {
  readonly n: number;
  readonly inside80: number;
  readonly inside95: number;
  readonly ratio: number | null;
}

/** One point of a rolling record; `due` in ms of the newest score in it. */
export interface RollingTally extends Tally {
  readonly due: number;
}

type Counted = Score & { readonly crps: number; readonly naive: number; readonly inside80: number; inside95: number };

function isCounted(score: Score): score is Counted {
  return score.inside80 !== null && score.inside95 !== null && score.crps !== null && score.naive !== null;
}

export function tallyOf(scores: readonly Score[]): Tally | null {
  return rollingTallies(scores, Infinity).at(-1) ?? null;
}

/** The tally of the `width` newest scores at each score, oldest first; scores without a truth are left out. */
export function rollingTallies(scores: readonly Score[], width: number): RollingTally[] {
  const counted = scores.filter(isCounted);
  const sums = { inside80: 0, inside95: 0, crps: 0, naive: 0 };
  const add = (score: Counted, sign: 1 | -1): void => {
    sums.inside80 += sign * score.inside80;
    sums.inside95 += sign * score.inside95;
    sums.crps += sign * score.crps;
    sums.naive += sign * score.naive;
  };
  return counted.map((score, at) => {
    add(score, 1);
    const gone = at >= width ? counted[at - width] : undefined;
    if (gone) add(gone, -1);
    const n = Math.min(at + 1, width);
    const ratio = sums.naive > 0 ? sums.crps / sums.naive : null;
    return { due: score.due, n, inside80: sums.inside80 / n, inside95: sums.inside95 / n, ratio };
  });
}

/**
 * Where the share of hits of a calibrated model lies in 19 of 20 cases. Forecasts made at each bar for `horizon` bars
 * ahead share all but one of their returns with the next, so `n` of them count as n / horizon.
 */
export function chanceBand(nominal: number, n: number, horizon: number): readonly [low: number, high: number] {
  const half = 1.96 * Math.sqrt((nominal * (1 - nominal)) / Math.max(1, n / horizon));
  return [Math.max(0, nominal - half), Math.min(1, nominal + half)];
}
