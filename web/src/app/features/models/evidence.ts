import { ModelRow, VersionRow } from '../../core/api/schema';
import { familyName, familyRank, familyToken, versionText } from '../../core/market/forecast';

/** Where a challenger has proven itself, see causal_alpha/promotion.py. */
export const GATE = 20;

/** The wealth that betting on a challenger has won, session by session. */
export interface Evidence {
  readonly name: string;
  readonly token: string;
  readonly path: readonly number[];
  readonly now: number;
}

/** Of each model at `interval` whose challenger, or else champion, carries its evidence; the blend first. */
export function evidenceOf(models: readonly ModelRow[], interval: string): readonly Evidence[] {
  return models
    .filter((model) => model.interval === interval)
    .sort((a, b) => familyRank(a.family) - familyRank(b.family))
    .flatMap((model) => {
      const version = [model.challenger, model.champion]
        .map((number) => model.versions.find((each) => each.version === number))
        .find((each) => each && pathOf(each).length);
      if (!version) return [];
      const path = pathOf(version);
      const name = `${familyName(model.family)} ${versionText(version.version)}`;
      return [{ name, token: familyToken(model.family), path, now: path.at(-1)! }];
    });
}

/** Numbers above 0, parted by spaces; none where somebody else wrote the tag. */
function pathOf(version: VersionRow): readonly number[] {
  const path = (version.tags['evidence'] ?? '').split(' ').filter(Boolean).map(Number);
  return path.every((e) => e > 0) ? path : [];
}
