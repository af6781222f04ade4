import { TestBed } from '@angular/core/testing';

import { Credentials } from '../session/credentials';
import { LogEvent, StateEvent } from './messages';
import { Stream } from './stream';

class FakeSocket {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 1;
  onmessage: ((event: { data: string }) => void) | null = null;
  onopen: (() => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  readonly sent: string[] = [];

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }

  static get last(): FakeSocket {
    return FakeSocket.all.at(-1)!;
  }

  say(message: unknown): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

const hello = (seq: number, more: object = {}) => [
  'hello',
  { protocol: 1, boot: 'b1', seq, resumed: false, symbols: [], ...more },
];
const log = (...seqs: number[]) => ['log', seqs.map((seq) => [seq, 'model', 'ewma', '1', 'champion', ''])];
const quote = (last: number) => ['state', [['quote', 'A', 0, last, 'test']]];

describe('Stream', () => {
  let stream: Stream;
  let seen: { logs: number[]; states: StateEvent[]; resets: number; frames: number };

  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    FakeSocket.all = [];
    vi.stubGlobal('WebSocket', FakeSocket);
    stream = TestBed.inject(Stream);
    seen = { logs: [], states: [], resets: 0, frames: 0 };
    stream.subscribe({
      log: (events: readonly LogEvent[]) => {
        seen.frames++;
        seen.logs.push(...events.map(([seq]) => seq));
      },
      state: (events) => seen.states.push(...events),
      reset: () => seen.resets++,
    });
  });

  afterEach(() => {
    TestBed.resetTestingModule();
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  const frame = () => vi.advanceTimersByTime(20);

  it('opens the socket beside the page and says when it is open', () => {
    expect(new URL(FakeSocket.last.url).pathname).toBe('/ws/v1');
    expect(new URL(FakeSocket.last.url).search).toBe('');
    expect(stream.connection().phase).toBe('connecting');
    FakeSocket.last.say(hello(7));
    expect(stream.connection().phase).toBe('open');
    expect(stream.hello()?.boot).toBe('b1');
  });

  it('hands over once a frame: the newest state, every log event', () => {
    FakeSocket.last.say(hello(0));
    FakeSocket.last.say(quote(1));
    FakeSocket.last.say(log(1, 2));
    FakeSocket.last.say(quote(2));
    FakeSocket.last.say(log(3));
    expect(seen.logs).toEqual([]);
    frame();
    expect(seen.logs).toEqual([1, 2, 3]);
    expect(seen.frames).toBe(1);
    expect(seen.states).toEqual([['quote', 'A', 0, 2, 'test']]);
    expect(stream.log()).toEqual({ seq: 3, count: 3, holes: 0 });
  });

  it('resumes after the last number it has, and takes no event twice', () => {
    FakeSocket.last.say(hello(4));
    FakeSocket.last.say(log(5, 6));
    FakeSocket.last.close();
    expect(stream.connection().phase).toBe('offline');
    expect(seen.logs).toEqual([5, 6]);
    vi.advanceTimersByTime(250);
    expect(new URL(FakeSocket.last.url).search).toBe('?since=6&boot=b1');
    FakeSocket.last.say(hello(9, { resumed: true }));
    expect(stream.connection()).toEqual({ phase: 'resuming', events: 3 });
    FakeSocket.last.say(log(6, 7, 8, 9));
    expect(stream.connection().phase).toBe('open');
    frame();
    expect(seen.logs).toEqual([5, 6, 7, 8, 9]);
    expect(stream.log()).toEqual({ seq: 9, count: 5, holes: 0 });
    expect(seen.resets).toBe(0);
  });

  it('tells its sinks to fetch again when the hub cannot resume', () => {
    FakeSocket.last.say(hello(4));
    FakeSocket.last.close();
    vi.advanceTimersByTime(250);
    FakeSocket.last.say(hello(2, { boot: 'b2' }));
    expect(seen.resets).toBe(1);
    FakeSocket.last.say(log(3));
    frame();
    expect(seen.logs).toEqual([3]);
    FakeSocket.last.close();
    vi.advanceTimersByTime(250);
    expect(new URL(FakeSocket.last.url).search).toBe('?since=3&boot=b2');
  });

  it('counts numbers that were skipped', () => {
    FakeSocket.last.say(hello(0));
    FakeSocket.last.say(log(1, 4));
    expect(stream.log().holes).toBe(2);
  });

  it('waits longer after each failure and starts over after hello', () => {
    const opened = () => FakeSocket.all.length;
    for (const wait of [250, 500, 1000]) {
      const before = opened();
      FakeSocket.last.close();
      vi.advanceTimersByTime(wait - 1);
      expect(opened()).toBe(before);
      vi.advanceTimersByTime(1);
      expect(opened()).toBe(before + 1);
    }
    FakeSocket.last.say(hello(0));
    FakeSocket.last.close();
    const before = opened();
    vi.advanceTimersByTime(250);
    expect(opened()).toBe(before + 1);
  });

  it('comes back at once when the network does', () => {
    FakeSocket.last.say(hello(0));
    FakeSocket.last.close();
    const before = FakeSocket.all.length;
    window.dispatchEvent(new Event('online'));
    expect(FakeSocket.all.length).toBe(before + 1);
  });

  it('counts as offline as soon as the network goes, and reconnects by itself', () => {
    FakeSocket.last.say(hello(0));
    const before = FakeSocket.all.length;
    window.dispatchEvent(new Event('offline'));
    expect(stream.connection().phase).toBe('offline');
    vi.advanceTimersByTime(250);
    expect(FakeSocket.all.length).toBe(before + 1);
  });

  it('is stale after five silent seconds until the next message', () => {
    FakeSocket.last.say(hello(0));
    vi.advanceTimersByTime(4_000);
    expect(stream.connection().phase).toBe('open');
    vi.advanceTimersByTime(2_000);
    expect(stream.connection().phase).toBe('stale');
    FakeSocket.last.say(log(1));
    expect(stream.connection().phase).toBe('open');
  });

  it('hands over in a hidden tab too, where no frames are drawn', () => {
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    FakeSocket.last.say(hello(0));
    FakeSocket.last.say(log(1));
    vi.advanceTimersByTime(999);
    expect(seen.logs).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(seen.logs).toEqual([1]);
  });

  it('waits for a token when the hub wants one, and says it first', () => {
    FakeSocket.last.close(4401);
    const credentials = TestBed.inject(Credentials);
    expect(stream.connection().phase).toBe('refused');
    expect(credentials.wanted()).toBe(true);
    const before = FakeSocket.all.length;
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.all.length).toBe(before);
    credentials.keep('t1');
    stream.reopen();
    FakeSocket.last.onopen?.();
    expect(FakeSocket.last.sent).toEqual(['["token","t1"]']);
    FakeSocket.last.say(hello(0));
    expect(stream.connection().phase).toBe('open');
    credentials.forget();
  });
});
