import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';

import { polled } from '../../core/api/polled';
import { Layout } from '../../core/layout/layout';
import { familyName, familyToken, versionText } from '../../core/market/forecast';
import { byLength } from '../../core/market/interval';
import { Quotes } from '../../core/market/quotes';
import { Selection } from '../../core/selection/selection';
import { Session } from '../../core/session/session';
import { Stream } from '../../core/stream/stream';
import { Clock } from '../../ui/clock/clock';
import { Icon } from '../../ui/icon/icon';
import { Panel } from '../../ui/panel/panel';
import { Segmented } from '../../ui/segmented/segmented';
import { calibrate, floorRatio, outcomesOf } from './calibration';
import { compare, ComparisonRow, isFloor } from './comparison';
import { evidenceOf } from './evidence';
import { EvidencePlot } from './evidence-plot';
import { FloorPlot, FloorRow } from './floor-plot';
import { ModelCard } from './model-card';
import { ModelSource } from './model-source';
import { ModelTable } from './model-table';
import { PitPlot } from './pit-plot';
import { PromotionPlot } from './promotion-plot';
import { CalibrationLine, ReliabilityPlot } from './reliability-plot';
import { lanesOf } from './service-lanes';

const REGISTRY_MS = 5_000;
const SCORES_MS = 10_000;
const SAID_MS = 30_000;

/** Which model is better than what, how well each is calibrated, and who served when. */
@Component({
  selector: 'ca-models',
  imports: [
    EvidencePlot,
    FloorPlot,
    Icon,
    ModelCard,
    ModelTable,
    Panel,
    PitPlot,
    PromotionPlot,
    ReliabilityPlot,
    Segmented,
  ],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './models.html',
  styleUrl: './models.scss',
})
export class ModelsPage {
  private readonly source = inject(ModelSource);
  private readonly stream = inject(Stream);
  private readonly quotes = inject(Quotes);
  protected readonly selection = inject(Selection);
  protected readonly session = inject(Session);
  protected readonly layout = inject(Layout);
  private readonly clock = inject(Clock);

  protected readonly registry = polled((abort) => this.source.models(abort), REGISTRY_MS);
  protected readonly models = computed(() => this.registry.value()?.models ?? []);

  private readonly asked = signal<string | null>(null);
  /** As chosen here, else the Live page's, unless only others have a registered model. */
  protected readonly interval = computed(() => {
    const [live, registered] = [this.selection.interval(), byLength(this.models().map((model) => model.interval))];
    return this.asked() ?? (registered.includes(live) ? live : (registered[0] ?? live));
  });
  protected readonly horizon = signal(1);
  protected readonly selected = signal('');

  protected readonly training = polled((abort) => this.source.training(abort), REGISTRY_MS);
  protected readonly scores = polled(
    (abort) => this.source.scores(this.interval(), abort),
    SCORES_MS,
    () => this.interval(),
  );
  protected readonly said = polled(
    (abort) => this.source.said(this.quotes.symbols(), this.interval(), abort),
    SAID_MS,
    () => (this.quotes.symbols().length ? this.interval() : ''),
  );

  protected readonly levels = computed(() => this.stream.hello()?.levels ?? []);
  /** Those of the live bars, and those of which the registry has a model. */
  protected readonly intervals = computed(() =>
    byLength([...this.selection.intervals(), ...this.models().map((model) => model.interval)]),
  );
  protected readonly rows = computed(() => compare(this.models(), this.scores.value()?.tallies ?? [], this.interval()));
  protected readonly row = computed(() => this.rows().find((row) => row.key === this.selected()) ?? null);
  protected readonly model = computed(() => this.models().find((model) => model.name === this.row()?.name) ?? null);
  protected readonly job = computed(
    () => this.training.value()?.jobs.find((job) => job.id === `training:${this.row()?.name}`) ?? null,
  );
  /** The version that the plots are about: the chosen one, else the best known. */
  private readonly subject = computed(() => {
    const row = this.row();
    return row?.live.size ? row : (this.rows().find((each) => each.live.size > 0) ?? null);
  });

  protected readonly floorRows = computed<readonly FloorRow[]>(() => {
    const scores = (this.scores.value()?.scores ?? []).filter((row) => row.horizon === this.horizon());
    return this.rows().flatMap((row) => {
      const mine = scores.filter((score) => score.family === row.family && score.version === row.version);
      const ratio = floorRatio(mine);
      return ratio ? [{ ...ratio, ...this.titled(row) }] : [];
    });
  });
  protected readonly lines = computed<readonly CalibrationLine[]>(() => {
    const outcomes = outcomesOf(this.said.value() ?? [], this.scores.value()?.scores ?? [], this.horizon());
    return this.rows().flatMap((row) => {
      const mine = outcomes.filter((each) => each.family === row.family && each.version === row.version);
      const calibration = calibrate(mine, this.levels(), this.horizon());
      return calibration ? [{ calibration, ...this.titled(row) }] : [];
    });
  });
  /** Few enough to be told apart: the one that is looked at, who serves, and the plainest of the floor. */
  protected readonly few = computed(() => {
    const served = this.rows().find((row) => row.state === 'champion');
    const name = served ? this.titled(served).label : '';
    return this.lines().filter((line) => line.selected || line.label === name || line.label === 'Naive');
  });
  protected readonly line = computed(() => this.lines().find((line) => line.selected) ?? this.lines()[0] ?? null);
  protected readonly lanes = computed(() => lanesOf(this.models(), this.interval(), this.now()).length);
  protected readonly evidence = computed(() => evidenceOf(this.models(), this.interval()));
  protected readonly now = computed(() => Math.floor(this.clock.now() / 60_000) * 60_000 + 60_000);

  protected readonly summary = computed(() => {
    const registry = this.registry.value();
    if (!registry) return '';
    if (registry.state === 'off') return 'No model registry is configured: the floor speaks.';
    if (registry.state === 'away') return `The model registry is away: ${registry.detail}`;
    const versions = registry.models.reduce((sum, model) => sum + model.versions.length, 0);
    const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
    return `${many(registry.models.length, 'model')}, ${many(versions, 'version')} registered`;
  });
  protected readonly noModels = computed(() => {
    if (this.registry.value() === null || this.rows().length) return '';
    return `No model has spoken at ${this.interval()} yet`;
  });
  protected readonly noLanes = computed(() => {
    const registry = this.registry.value();
    if (!registry || this.lanes() > 0) return '';
    if (registry.state === 'off') return 'No model registry is configured';
    return registry.state === 'away' ? 'The model registry does not answer' : 'No champion yet';
  });
  protected readonly noLanesDetail = computed(() => {
    const registry = this.registry.value();
    if (registry?.state === 'away') return registry.detail;
    if (registry?.state === 'off')
      return 'Set CAUSAL_ALPHA_MLFLOW_URL to an MLflow server, or start all with make run.';
    const served = new Set(this.models().flatMap((model) => (model.champion === null ? [] : [model.interval])));
    const elsewhere = this.intervals().filter((interval) => served.has(interval));
    const rest = elsewhere.length ? ` Champions serve at ${elsewhere.join(' and ')}.` : '';
    return `The first champion at ${this.interval()} shows here once a trained model passes its gate.${rest}`;
  });

  protected chooseHorizon(horizon: string): void {
    this.horizon.set(Number(horizon));
  }

  private titled(row: ComparisonRow): { label: string; token: string; selected: boolean } {
    const version = isFloor(row) && !row.name ? '' : ` ${versionText(row.version)}`;
    return {
      label: `${familyName(row.family)}${version}`,
      token: familyToken(row.family),
      selected: row.key === this.subject()?.key,
    };
  }

  protected changeInterval(interval: string): void {
    this.asked.set(interval);
    this.selected.set('');
  }
}
