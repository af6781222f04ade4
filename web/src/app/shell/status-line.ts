import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';

import { HubApi } from '../core/api/hub-api';
import { polled } from '../core/api/polled';
import { TrainingReply } from '../core/api/schema';
import { Stream } from '../core/stream/stream';
import { Zone } from '../core/zone/zone';
import { countText } from '../ui/text/number-text';
import { timeText } from '../ui/text/time-text';

/** How far the data are, what was lost on the way (nothing, one hopes), and the line that no page goes without. */
@Component({
  selector: 'ca-status-line',
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: {
    role: 'contentinfo',
    '[attr.data-seq]': 'stream.log().seq',
    '[attr.data-log-count]': 'stream.log().count',
    '[attr.data-log-holes]': 'stream.log().holes',
    '[attr.data-boot]': 'stream.hello()?.boot',
    '[attr.data-phase]': 'stream.connection().phase',
  },
  template: `
    <span
      >Watermark <b>{{ watermark() }}</b></span
    >
    <span
      >Event <b>{{ count(stream.log().seq) }}</b></span
    >
    <span
      >Dropped <b>{{ count(stream.health()?.dropped) }}</b></span
    >
    <span
      >Conflated <b>{{ count(stream.health()?.conflated) }}</b></span
    >
    <span
      >Rejected <b>{{ count(stream.health()?.rejects) }}</b></span
    >
    <span
      >Worker <b>{{ stream.hello()?.server ?? '–' }}</b></span
    >
    @for (job of running(); track job.id) {
      <span class="training"
        >Training <b>{{ job.name }}</b></span
      >
    }
    <span class="end">Forecasts are statistics about the past, not financial advice.</span>
    <span>Charts by <a href="https://www.tradingview.com/" target="_blank" rel="noopener">TradingView</a></span>
  `,
  styleUrl: './status-line.scss',
})
export class StatusLine {
  protected readonly stream = inject(Stream);
  private readonly zone = inject(Zone);
  private readonly api = inject(HubApi);
  private readonly training = polled<TrainingReply>((signal) => this.api.get('training', {}, signal), 10_000);
  protected readonly running = computed(() =>
    (this.training.value()?.jobs ?? [])
      .filter((job) => job.state === 'running' || job.state === 'queued')
      .map((job) => ({
        id: job.id,
        name: `${job.id.replace(/^training:/, '')}${job.state === 'queued' ? ' waits' : ''}`,
      })),
  );
  protected readonly watermark = computed(() => {
    const watermark = this.stream.health()?.watermark;
    return watermark ? timeText(watermark, this.zone.name(), 'tenth') : '–';
  });

  protected count(value: number | undefined): string {
    return value === undefined ? '–' : countText(value);
  }
}
