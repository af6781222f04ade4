import { ScoreRow } from '../api/schema';

/**
 * How a forecast came out. `truth` is the close at `due`, null where the feed was away; `crps` and `naive` (what the
 * naive forecast lost) are in log returns, less is better; `inside80`, `inside95` are 1 or 0.
 */
export interface Score {
  readonly start: number;
  readonly made: number;
  readonly horizon: number;
  readonly due: number;
  readonly family: string;
  readonly version: string;
  readonly truth: number | null;
  readonly crps: number | null;
  readonly naive: number | null;
  readonly inside80: number | null;
  readonly inside95: number | null;
  readonly shadow: boolean;
}

export function scoreOfRow(row: ScoreRow): Score {
  const { start, made, horizon, due, family, version, truth, crps, shadow } = row;
  const [naive, inside80, inside95] = [row.crps_naive, row.inside_80, row.inside_95];
  return { start, made, horizon, due, family, version, truth, crps, naive, inside80, inside95, shadow };
}
