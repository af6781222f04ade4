import { ChangeDetectionStrategy, Component, inject } from '@angular/core';

import { Stream } from '../core/stream/stream';

/** How long the data are on their way, and what was lost. */
@Component({
  selector: 'ca-connection-card',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <dl>
      <dt>Exchange to hub</dt>
      <dd>{{ ms(stream.health()?.lag_ms) }}</dd>
      <dt>Hub to page</dt>
      <dd>{{ ms(stream.transit()) }}</dd>
      <dt>Clock skew, at most</dt>
      <dd>{{ ms(stream.skew()) }}</dd>
      <dt>Pages connected</dt>
      <dd>{{ stream.health()?.clients ?? '–' }}</dd>
      <dt>Dropped</dt>
      <dd>{{ stream.health()?.dropped ?? '–' }}</dd>
      <dt>Conflated</dt>
      <dd>{{ stream.health()?.conflated ?? '–' }}</dd>
      <dt>Log events here</dt>
      <dd>{{ stream.log().count }}, {{ stream.log().holes }} missing</dd>
    </dl>
    @if (stream.connection().phase === 'offline') {
      <button class="btn" type="button" (click)="stream.reconnectNow()">Try now</button>
    }
  `,
  styles: `
    dl {
      display: grid;
      grid-template-columns: 1fr auto;
      gap: 4px 24px;
      margin: 0;
    }
    dt {
      color: var(--ink-2);
    }
    dd {
      margin: 0;
      text-align: right;
    }
    .btn {
      margin-top: 10px;
    }
  `,
})
export class ConnectionCard {
  protected readonly stream = inject(Stream);

  protected ms(value: number | null | undefined): string {
    return value === null || value === undefined ? '–' : `${Math.round(value).toString().replace('-', '−')} ms`;
  }
}
