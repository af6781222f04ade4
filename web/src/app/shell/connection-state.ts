import { ChangeDetectionStrategy, Component, computed, DestroyRef, inject, signal } from '@angular/core';

import { Layout } from '../core/layout/layout';
import { Stream } from '../core/stream/stream';
import { ConnectionCard } from './connection-card';

const SLOW_MS = 250;

/** The socket in a dot and words. A card behind it holds the numbers. */
@Component({
  selector: 'ca-connection-state',
  imports: [ConnectionCard],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <button
      type="button"
      popovertarget="connection-card"
      [attr.data-phase]="stream.connection().phase"
      [attr.aria-label]="shown().text || shown().number ? null : 'Connection: ' + stream.connection().phase"
    >
      <i [class]="shown().dot"></i>
      <span [class]="shown().tone">{{ shown().text }}</span>
      @if (shown().number) {
        <b [class]="shown().tone">{{ shown().number }}</b>
      }
      @if (shown().detail && !layout.compact() && !layout.phone()) {
        <span class="i3">{{ shown().detail }}</span>
      }
    </button>
    <div id="connection-card" class="raised" popover role="dialog" aria-label="Connection">
      @defer {
        <ca-connection-card />
      }
    </div>
  `,
  styleUrl: './connection-state.scss',
})
export class ConnectionState {
  protected readonly stream = inject(Stream);
  protected readonly layout = inject(Layout);
  private readonly clock = signal(Date.now());

  protected readonly shown = computed(() => {
    const connection = this.stream.connection();
    const phone = this.layout.phone();
    switch (connection.phase) {
      case 'connecting':
        return words('dot stale', 'i3', phone ? '' : 'Connecting');
      case 'resuming':
        return words('dot stale', 'warn', phone ? `${connection.events}` : `Resuming, ${connection.events} events`);
      case 'refused':
        return words('dot off', 'bad', phone ? '' : 'Not signed in');
      case 'stale':
        return words('dot stale', 'warn', `Silent ${seconds(this.clock() - connection.since)}`);
      case 'offline': {
        const wait = seconds(connection.retryAt - this.clock());
        return words('dot off', 'bad', phone ? 'Offline' : `Offline, retry in ${wait}`);
      }
      case 'open':
        return this.open(phone);
    }
  });

  constructor() {
    // Only the words that count seconds need it; one a second costs nothing.
    const ticks = setInterval(() => this.clock.set(Date.now()), 1_000);
    inject(DestroyRef).onDestroy(() => clearInterval(ticks));
  }

  private open(phone: boolean) {
    const [lag, transit] = [this.stream.health()?.lag_ms ?? null, this.stream.transit()];
    const latency = lag === null ? transit : lag + (transit ?? 0);
    const number = latency === null ? '' : `${Math.round(latency)} ms`;
    const detail = lag === null ? 'hub to page' : 'exchange to page';
    if (latency !== null && latency > SLOW_MS) return words('dot stale', 'warn', phone ? '' : 'Slow', number, detail);
    return words('dot', '', phone ? '' : 'Connected', number, number ? detail : '');
  }
}

function words(dot: string, tone: string, text: string, number = '', detail = '') {
  return { dot, tone, text, number, detail };
}

function seconds(ms: number): string {
  return `${Math.max(0, Math.ceil(ms / 1000))} s`;
}
