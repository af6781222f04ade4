import { familyRank, Forecast } from '../../core/market/forecast';

/** How many bars a family may be behind the newest before it counts as gone: its models take turns within a bar. */
const BEHIND = 3;

/** Families that still speak, the served one first; `length` of a bar in ms. */
export function speakingFamilies(newest: readonly Forecast[], length: number): readonly string[] {
  const latest = Math.max(...newest.map((each) => each.made));
  const alive = newest.filter((each) => latest - each.made <= BEHIND * length);
  const shadows = new Set(alive.filter((each) => each.shadow).map((each) => each.family));
  return [...new Set(alive.map((each) => each.family))].sort(
    (a, b) => Number(shadows.has(a)) - Number(shadows.has(b)) || familyRank(a) - familyRank(b),
  );
}
