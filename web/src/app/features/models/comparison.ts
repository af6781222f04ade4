import { ModelRow, ScoreTally, VersionRow } from '../../core/api/schema';
import { familyRank, familyToken } from '../../core/market/forecast';

export type ModelState = 'champion' | 'challenger' | 'kept' | 'floor';

/** A version of a family, or a floor model: what the registry knows of it and how its forecasts have come out. */
export interface ComparisonRow {
  readonly key: string;
  readonly family: string;
  /** The registered model's name; empty where nothing is registered. */
  readonly name: string;
  readonly version: string;
  readonly state: ModelState;
  readonly registered: VersionRow | null;
  /** Start of the last bar it was trained on, ms; null where nothing was trained. */
  readonly until: number | null;
  /** The live record by horizon. */
  readonly live: ReadonlyMap<number, ScoreTally>;
}

/** Versions of a model that are listed although they neither serve nor challenge: the newest say what came last. */
const NEWEST = 2;

/** Versions that serve, challenge or were scored at `interval`, best known first, the floor below all of them. */
export function compare(
  models: readonly ModelRow[],
  tallies: readonly ScoreTally[],
  interval: string,
): readonly ComparisonRow[] {
  const rows = new Map<string, ComparisonRow>();
  const here = tallies.filter((tally) => tally.interval === interval);
  const live = (family: string, version: string): ReadonlyMap<number, ScoreTally> =>
    new Map(
      here.filter((each) => each.family === family && each.version === version).map((each) => [each.horizon, each]),
    );
  for (const model of models.filter((each) => each.interval === interval)) {
    model.versions.forEach((version, at) => {
      const record = live(model.family, version.version);
      const aliased = version.version === model.champion || version.version === model.challenger;
      if (!aliased && record.size === 0 && at >= NEWEST) return;
      const key = `${model.family} ${version.version}`;
      const state = stateOf(model, version);
      const row = { key, family: model.family, name: model.name, version: version.version, state };
      rows.set(key, { ...row, registered: version, until: untilOf(version), live: record });
    });
  }
  for (const { family, version } of here) {
    const key = `${family} ${version}`;
    if (rows.has(key)) continue;
    const state = familyToken(family) === 'floor' ? 'floor' : 'kept';
    rows.set(key, {
      ...{ key, family, name: '', version, state, registered: null, until: null },
      live: live(family, version),
    });
  }
  return [...rows.values()].sort(
    (a, b) =>
      Number(isFloor(a)) - Number(isFloor(b)) ||
      familyRank(a.family) - familyRank(b.family) ||
      Number(b.version) - Number(a.version),
  );
}

export function isFloor(row: ComparisonRow): boolean {
  return familyToken(row.family) === 'floor';
}

function stateOf(model: ModelRow, version: VersionRow): ModelState {
  if (version.version === model.champion) return 'champion';
  return version.version === model.challenger ? 'challenger' : 'kept';
}

/** `until_ns` is a number too large for a double: its last six digits are cut off as text. */
function untilOf(version: VersionRow): number | null {
  const text = version.tags['until_ns'] ?? '';
  return /^\d{7,}$/.test(text) ? Number(text.slice(0, -6)) : null;
}

/** Three decimals, or a dash where there is none. */
export function ratioText(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : value.toFixed(3);
}

/** A share as percent with one decimal, without its sign: the head of the column says it. */
export function shareText(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : (value * 100).toFixed(1);
}
