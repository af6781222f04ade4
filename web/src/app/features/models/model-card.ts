import { ChangeDetectionStrategy, Component, computed, inject, input, output, signal, viewChild } from '@angular/core';

import { HubApi } from '../../core/api/hub-api';
import { AliasReply, JobRow, ModelRow, VersionRow } from '../../core/api/schema';
import { familyName, familyToken, versionText } from '../../core/market/forecast';
import { Session } from '../../core/session/session';
import { Zone } from '../../core/zone/zone';
import { ConfirmDialog } from '../../ui/confirm/confirm-dialog';
import { Icon } from '../../ui/icon/icon';
import { dateText } from '../../ui/text/time-text';
import { ComparisonRow, ratioText, shareText } from './comparison';
import { ModelBadge } from './model-badge';
import { changesOf } from './service-lanes';

/** Tags in the order in which they are shown, with their names; others are left to MLflow. */
const FACTS: readonly (readonly [tag: string, name: string])[] = [
  ['until', 'Data until'],
  ['gate', 'Gate'],
  ['feature_set', 'Feature set'],
  ['data', 'Data hash'],
  ['seed', 'Seed'],
  ['code', 'Code'],
];

/** All of one version: its record, what it is, and, for operators, to let it serve or to take it back. */
@Component({
  selector: 'ca-model-card',
  imports: [ConfirmDialog, Icon, ModelBadge],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './model-card.html',
  styleUrl: './model-card.scss',
})
export class ModelCard {
  readonly row = input.required<ComparisonRow>();
  /** The registered model that the row belongs to; null for the floor. */
  readonly model = input.required<ModelRow | null>();
  /** The last training of this model, where the hub knows of one. */
  readonly job = input<JobRow | null>(null);
  readonly changed = output();
  readonly closed = output();

  protected readonly session = inject(Session);
  private readonly api = inject(HubApi);
  private readonly zone = inject(Zone);
  private readonly promotion = viewChild<ConfirmDialog>('promotion');
  private readonly rollback = viewChild<ConfirmDialog>('rollback');
  protected readonly done = signal('');
  protected readonly ratio = ratioText;
  protected readonly share = shareText;
  protected readonly version = versionText;

  protected readonly token = computed(() => familyToken(this.row().family));
  protected readonly title = computed(() => this.row().name || familyName(this.row().family));
  protected readonly facts = computed(() => {
    const tags = this.row().registered?.tags ?? {};
    return FACTS.filter(([tag]) => tags[tag]).map(([tag, name]) => ({ name, value: tags[tag]! }));
  });
  protected readonly created = computed(() => {
    const registered = this.row().registered;
    return registered ? dateText(registered.created, this.zone.name()) : '';
  });
  protected readonly records = computed(() => [...this.row().live.values()].sort((a, b) => a.horizon - b.horizon));
  protected readonly champion = computed(() => this.model()?.champion ?? null);
  /** What a rollback would bring back: the champion before this one. */
  protected readonly former = computed(() => {
    const model = this.model();
    return model ? (changesOf(model).at(-1)?.before ?? null) : null;
  });

  protected askPromotion(): void {
    this.promotion()?.open();
  }

  protected askRollback(): void {
    this.rollback()?.open();
  }

  protected readonly promote = async (): Promise<void> => {
    const { name, version } = this.row();
    await this.point(`models/${encodeURIComponent(name)}/promote`, { version });
  };

  protected readonly rollBack = async (): Promise<void> => {
    await this.point(`models/${encodeURIComponent(this.row().name)}/rollback`, {});
  };

  private async point(path: string, body: object): Promise<void> {
    const reply = await this.api.post<AliasReply>(path, body);
    this.done.set(`${reply.name} ${versionText(reply.version)} is champion.`);
    this.changed.emit();
  }

  protected runs(): readonly VersionRow[] {
    return this.model()?.versions ?? [];
  }

  protected readonly training = computed(() => {
    const job = this.job();
    if (!job) return '';
    const states = { queued: 'is queued', running: 'runs now', done: 'is done', failed: 'failed' } as const;
    return `The last training ${states[job.state]}${job.error ? `: ${job.error}` : '.'}`;
  });

  protected date(ms: number): string {
    return dateText(ms, this.zone.name());
  }

  protected metric(name: string): number | null {
    return this.row().registered?.metrics[name] ?? null;
  }
}
