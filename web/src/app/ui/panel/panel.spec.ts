import { ChangeDetectionStrategy, Component, signal } from '@angular/core';
import { TestBed } from '@angular/core/testing';

import { HubError } from '../../core/api/hub-api';
import { PanelSource } from '../../core/api/polled';
import { Stream } from '../../core/stream/stream';
import { Clock } from '../clock/clock';
import { Panel } from './panel';

@Component({
  changeDetection: ChangeDetectionStrategy.OnPush,
  imports: [Panel],
  template: `<ca-panel heading="Agents" caption="lag" [of]="source" [empty]="empty()" emptyDetail="Later."
    >rows</ca-panel
  >`,
})
class Host {
  readonly empty = signal('');
  readonly value = signal<unknown>(null);
  readonly error = signal<HubError | null>(null);
  readonly at = signal(0);
  asked = 0;
  readonly source: PanelSource = {
    value: this.value,
    error: this.error,
    at: this.at,
    every: 1_000,
    reload: () => Promise.resolve(void this.asked++),
  };
}

describe('Panel', () => {
  const phase = signal<{ phase: string }>({ phase: 'open' });
  const now = signal(100_000);

  async function make() {
    phase.set({ phase: 'open' });
    now.set(100_000);
    TestBed.configureTestingModule({
      providers: [
        { provide: Stream, useValue: { connection: phase, hello: signal(null) } },
        { provide: Clock, useValue: { now } },
      ],
    });
    const fixture = TestBed.createComponent(Host);
    await fixture.whenStable();
    const element = fixture.nativeElement as HTMLElement;
    const text = async (): Promise<string> => {
      await fixture.whenStable();
      return element.innerText.replace(/\s+/g, ' ').trim();
    };
    const state = (): string | undefined => element.querySelector<HTMLElement>('ca-panel')?.dataset['state'];
    return { host: fixture.componentInstance, element, text, state };
  }

  it('loads, then shows its content under the caption', async () => {
    const { host, text, state } = await make();
    expect(await text()).toContain('Loading agents');
    host.value.set([]);
    host.at.set(100_000);
    expect(await text()).toBe('Agents lag rows');
    expect(state()).toBe('ready');
  });

  it('says what failed and tries again when told to', async () => {
    const { host, element, text } = await make();
    host.error.set(new HubError(503, 'expected Kafka, was away'));
    expect(await text()).toContain('Agents did not load 503 from the hub: expected Kafka, was away');
    element.querySelector('button')!.click();
    expect(host.asked).toBe(1);
  });

  it('keeps the last content with its age when a later try fails, or none came back', async () => {
    const { host, text, state } = await make();
    host.value.set([]);
    host.at.set(100_000);
    now.set(142_000);
    expect(await text()).toContain('42 s old');
    expect(await text()).toContain('rows');
    now.set(100_500);
    host.error.set(new HubError(500, 'x'));
    await text();
    expect(state()).toBe('stale');
  });

  it('names what is missing, and from when its content is while the hub is away', async () => {
    const { host, text } = await make();
    host.value.set([]);
    host.at.set(100_000);
    host.empty.set('No agent yet');
    expect(await text()).toContain('No agent yet Later.');
    host.empty.set('');
    phase.set({ phase: 'offline' });
    expect(await text()).toContain('offline kept from 00:01:40');
  });
});
