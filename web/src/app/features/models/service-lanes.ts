import { ChangeRow, ModelRow } from '../../core/api/schema';
import { familyName, familyRank, familyToken, versionText } from '../../core/market/forecast';

export interface Segment {
  readonly label: string;
  readonly from: number;
  readonly to: number;
  readonly current: boolean;
}

/** Who served when: a lane a model, a segment a champion. */
export interface Lane {
  readonly name: string;
  readonly token: string;
  readonly segments: readonly Segment[];
}

/** Lanes of the models of `interval` that have ever had a champion, until `now` (ms). */
export function lanesOf(models: readonly ModelRow[], interval: string, now: number): readonly Lane[] {
  return models
    .filter((model) => model.interval === interval)
    .sort((a, b) => familyRank(a.family) - familyRank(b.family))
    .map((model) => ({
      name: familyName(model.family),
      token: familyToken(model.family),
      segments: segmentsOf(model, now),
    }))
    .filter((lane) => lane.segments.length > 0);
}

function segmentsOf(model: ModelRow, now: number): readonly Segment[] {
  const changes = changesOf(model);
  return changes.map((change, at) => ({
    label: versionText(change.after),
    from: change.at,
    to: changes[at + 1]?.at ?? now,
    current: at === changes.length - 1,
  }));
}

/** The changes of champion, oldest first; of a model without a history only that it serves since it was made. */
export function changesOf(model: ModelRow): readonly ChangeRow[] {
  const told = [...model.history].sort((a, b) => a.at - b.at);
  if (told.length) return told;
  const serving = model.versions.find((version) => version.version === model.champion);
  return serving ? [{ at: serving.created, before: null, after: serving.version, why: 'registered' }] : [];
}
