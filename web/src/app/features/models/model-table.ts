import { ChangeDetectionStrategy, Component, computed, inject, input, model } from '@angular/core';

import { ScoreTally } from '../../core/api/schema';
import { Layout } from '../../core/layout/layout';
import { familyName, familyToken, versionText } from '../../core/market/forecast';
import { countText } from '../../ui/text/number-text';
import { dateText } from '../../ui/text/time-text';
import { ComparisonRow, isFloor, ratioText, shareText } from './comparison';
import { ModelBadge } from './model-badge';

/** Every version beside the floor: what it did on data held out before it was registered, and what it did since. */
@Component({
  selector: 'ca-model-table',
  imports: [ModelBadge],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './model-table.html',
  styleUrl: './model-table.scss',
})
export class ModelTable {
  readonly rows = input.required<readonly ComparisonRow[]>();
  /** The key of the row whose card is open. */
  readonly selected = model.required<string>();
  protected readonly layout = inject(Layout);
  protected readonly ratio = ratioText;
  protected readonly share = shareText;
  protected readonly version = versionText;
  protected readonly token = familyToken;
  protected readonly name = familyName;
  protected readonly floor = isFloor;
  protected readonly backtested = computed(() => this.rows().some((row) => row.registered !== null));
  /** The best CRPS one bar ahead is set in bold. */
  private readonly best = computed(() =>
    Math.min(...this.rows().map((row) => row.live.get(1)?.crps_to_ewma ?? Infinity)),
  );

  protected date(row: ComparisonRow): string {
    return row.until === null ? '' : dateText(row.until, 'UTC');
  }

  protected metric(row: ComparisonRow, name: string): number | null {
    return row.registered?.metrics[name] ?? null;
  }

  protected live(row: ComparisonRow, horizon = 1): ScoreTally | undefined {
    return row.live.get(horizon);
  }

  protected count(row: ComparisonRow): string {
    const n = row.live.get(1)?.n;
    return n === undefined ? 'none' : countText(n);
  }

  protected isBest(row: ComparisonRow): boolean {
    const ratio = row.live.get(1)?.crps_to_ewma;
    return ratio !== null && ratio !== undefined && ratio === this.best();
  }

  /** The first row of the floor stands below a rule. */
  protected begins(at: number): boolean {
    const [row, above] = [this.rows()[at], this.rows()[at - 1]];
    return row !== undefined && above !== undefined && isFloor(row) && !isFloor(above);
  }

  protected choose(row: ComparisonRow): void {
    this.selected.set(row.key === this.selected() ? '' : row.key);
  }
}
