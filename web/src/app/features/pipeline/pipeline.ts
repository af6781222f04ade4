import { ChangeDetectionStrategy, Component, computed, effect, inject, signal, untracked } from '@angular/core';

import { HubApi } from '../../core/api/hub-api';
import { polled } from '../../core/api/polled';
import { PipelineReply } from '../../core/api/schema';
import { Zone } from '../../core/zone/zone';
import { Clock } from '../../ui/clock/clock';
import { Panel } from '../../ui/panel/panel';
import { Segmented } from '../../ui/segmented/segmented';
import { countText } from '../../ui/text/number-text';
import { ageText, timeText } from '../../ui/text/time-text';
import { AgentTable } from './agent-table';
import { LatencyRuler } from './latency-ruler';
import { LineMap } from './line-map';
import { RejectTable } from './reject-table';
import { RowBalance } from './row-balance';
import { archiveLagOf, RateSpan, SPANS, stationsOf } from './station';

const EVERY_MS = 2_000;
const REMEMBERED = 60;

/** How the data flow right now: the balance of rows, the line with its stations, what waits, what was refused. */
@Component({
  selector: 'ca-pipeline',
  imports: [AgentTable, LatencyRuler, LineMap, Panel, RejectTable, RowBalance, Segmented],
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './pipeline.html',
  styleUrl: './pipeline.scss',
})
export class PipelinePage {
  private readonly api = inject(HubApi);
  private readonly clock = inject(Clock);
  private readonly zone = inject(Zone);
  protected readonly pipeline = polled((signal) => this.api.get<PipelineReply>('pipeline', {}, signal), EVERY_MS);
  protected readonly span = signal<RateSpan>('s10');
  protected readonly spans = SPANS;
  protected readonly history = signal<ReadonlyMap<string, readonly (number | null)[]>>(new Map());

  protected readonly stations = computed(() => {
    const reply = this.pipeline.value();
    return reply ? stationsOf(reply, this.span()) : [];
  });
  protected readonly archiveLag = computed(() => archiveLagOf(this.pipeline.value()?.agents ?? []));
  protected readonly rejected = computed(() =>
    (this.pipeline.value()?.rejects ?? []).reduce((sum, row) => sum + row.rows, 0),
  );
  protected readonly summary = computed(() => {
    const reply = this.pipeline.value();
    if (!reply) return '';
    const { partitions, workers } = reply;
    const parts = partitions.length ? [`${some(partitions.length, 'partition')} here`] : [];
    if (workers.length) parts.push(some(workers.length, 'worker'));
    return [...parts, `up ${ageText(reply.up_ms)}`].join(', ');
  });

  constructor() {
    effect(() => {
      const reply = this.pipeline.value();
      if (!reply) return;
      const kept = untracked(this.history);
      const next = stationsOf(reply, 's10').map(
        ({ name, rate }) => [name, [...(kept.get(name) ?? []), rate].slice(-REMEMBERED)] as const,
      );
      this.history.set(new Map(next));
    });
  }

  protected chooseSpan(span: string): void {
    this.span.set(span as RateSpan);
  }

  protected count(value: number): string {
    return countText(value);
  }

  protected time(ms: number | null): string {
    return ms === null ? '–' : timeText(ms, this.zone.name(), 'tenth');
  }

  protected ago(ms: number): string {
    return `${ageText(this.clock.now() - ms)} ago`;
  }
}

function some(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
