import { ChangeDetectionStrategy, Component, signal } from '@angular/core';
import { TestBed } from '@angular/core/testing';

import { Stream } from '../stream/stream';
import { HubError } from './hub-api';
import { polled } from './polled';

const EVERY = 1_000;
const phase = signal<{ phase: string }>({ phase: 'open' });
const answers: (() => Promise<string>)[] = [];
let asked = 0;

@Component({ changeDetection: ChangeDetectionStrategy.OnPush, template: '' })
class Host {
  readonly key = signal('a');
  readonly source = polled(
    () => {
      asked += 1;
      return (answers.shift() ?? (() => Promise.resolve(`answer ${asked}`)))();
    },
    EVERY,
    this.key,
  );
}

describe('polled', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    asked = answers.length = 0;
    phase.set({ phase: 'open' });
    TestBed.configureTestingModule({ providers: [{ provide: Stream, useValue: { connection: phase } }] });
  });
  afterEach(() => vi.useRealTimers());

  async function make() {
    const fixture = TestBed.createComponent(Host);
    TestBed.tick();
    await vi.advanceTimersByTimeAsync(0);
    return fixture;
  }

  it('asks at once, then again and again until the component is gone', async () => {
    const fixture = await make();
    expect(fixture.componentInstance.source.value()).toBe('answer 1');
    await vi.advanceTimersByTimeAsync(2 * EVERY);
    expect(fixture.componentInstance.source.value()).toBe('answer 3');
    fixture.destroy();
    await vi.advanceTimersByTimeAsync(5 * EVERY);
    expect(asked).toBe(3);
  });

  it('keeps the value of before when a try fails', async () => {
    const { source } = (await make()).componentInstance;
    answers.push(() => Promise.reject(new HubError(503, 'away')));
    await vi.advanceTimersByTimeAsync(EVERY);
    expect([source.value(), source.error()?.status]).toEqual(['answer 1', 503]);
    await vi.advanceTimersByTimeAsync(EVERY);
    expect([source.value(), source.error()]).toEqual(['answer 3', null]);
  });

  it('forgets what was about another key, also if that answer comes late', async () => {
    let late: (text: string) => void = () => undefined;
    answers.push(() => new Promise<string>((resolve) => (late = resolve)));
    const { source, key } = (await make()).componentInstance;
    key.set('b');
    TestBed.tick();
    late('of a');
    await vi.advanceTimersByTimeAsync(0);
    expect(source.value()).toBe('answer 2');
    key.set('');
    TestBed.tick();
    await vi.advanceTimersByTimeAsync(3 * EVERY);
    expect([source.value(), asked]).toEqual([null, 2]);
  });

  it('rests while the socket is offline and asks at once when it is back', async () => {
    await make();
    phase.set({ phase: 'offline' });
    TestBed.tick();
    await vi.advanceTimersByTimeAsync(5 * EVERY);
    expect(asked).toBe(1);
    phase.set({ phase: 'open' });
    TestBed.tick();
    await vi.advanceTimersByTimeAsync(0);
    expect(asked).toBe(2);
  });
});
