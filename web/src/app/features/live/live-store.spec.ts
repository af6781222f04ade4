import { signal } from '@angular/core';
import { TestBed } from '@angular/core/testing';

import { BarsPage, ForecastsPage, HubApi, HubError } from '../../core/api/hub-api';
import { Bar } from '../../core/market/bar';
import { Selection } from '../../core/selection/selection';
import { BarLog, BarState, ForecastLog } from '../../core/stream/messages';
import { Stream, StreamSink } from '../../core/stream/stream';
import { LiveStore } from './live-store';

const MINUTE = 60_000;
const bar = (start: number, close: number, state: Bar['state'] = 'final', revision = 0): Bar => ({
  ...{ start: start * MINUTE, open: 1, high: 9, low: 1, close, volume: 1, vwap: 1, trades: 1 },
  ...{ state, revision, quality: 'ok' },
});
const UNTOLD = [null, null, null, null, null, 0] as const;
const row = ({ start, open, high, low, close, volume, vwap, trades, state, revision, quality }: Bar, symbol = 'A') =>
  [
    symbol,
    '1m',
    start,
    open,
    high,
    low,
    close,
    volume,
    vwap,
    trades,
    state,
    revision,
    quality,
    'test',
    ...UNTOLD,
  ] as const;
const barLog = (seq: number, of: Bar, symbol = 'A'): BarLog => [seq, 'bar', ...row(of, symbol)];
const barState = (of: Bar): BarState => ['bar', ...row(of)];
const forecastLog = (seq: number, start: number, horizon: number, family = 'ewma', shadow = false): ForecastLog => [
  ...([seq, 'forecast', 'A', '1m', start * MINUTE, (start + 1) * MINUTE, horizon] as const),
  ...([(start + 1 + horizon) * MINUTE, 100, 0, 1e-6, [99, 100, 101], family, '1', 'test', shadow] as const),
];

describe('LiveStore', () => {
  let sink: StreamSink;
  let answer: {
    bars: (page: BarsPage) => void;
    forecasts: (page: ForecastsPage) => void;
    fail: (error: Error) => void;
  };
  let store: LiveStore;
  const session = { open: 0, close: 5 * MINUTE };
  const spans: unknown[][] = [];
  const symbol = signal('A');
  const family = signal<string | null>(null);

  beforeEach(() => {
    symbol.set('A');
    spans.length = 0;
    family.set(null);
    const api = {
      bars: () => new Promise<BarsPage>((bars, fail) => (answer = { ...answer, bars, fail })),
      forecasts: () => new Promise<ForecastsPage>((forecasts) => (answer = { ...answer, forecasts })),
      sessions: (...asked: unknown[]) => Promise.resolve(spans.push(asked) ? [session] : []),
    };
    TestBed.configureTestingModule({
      providers: [
        LiveStore,
        { provide: HubApi, useValue: api },
        { provide: Selection, useValue: { symbol, interval: signal('1m'), horizon: signal(null), family } },
        { provide: Stream, useValue: { subscribe: (it: StreamSink) => ((sink = it), () => undefined) } },
      ],
    });
    store = TestBed.inject(LiveStore);
    TestBed.tick();
  });

  const snapshot = async (seq: number, bars: readonly Bar[]) => {
    answer.bars({ seq, bars });
    answer.forecasts({ seq, forecasts: [] });
    await vi.waitFor(() => expect(store.phase().phase).toBe('ready'));
  };
  const closes = () => store.series.bars.map((each) => each.close);

  it('joins a snapshot with what came while it was fetched, older events left out', async () => {
    expect(store.phase().phase).toBe('loading');
    sink.log!([barLog(9, bar(2, 7)), barLog(11, bar(3, 4)), barLog(12, bar(1, 8, 'revised', 1))]);
    sink.state!([barState(bar(4, 5, 'forming'))]);
    await snapshot(10, [bar(1, 1), bar(2, 2)]);
    expect(closes()).toEqual([8, 2, 4, 5]);
    expect(store.lastBar()?.state).toBe('forming');
  });

  it('asks for the sessions from the oldest bar on, and tells of them', async () => {
    const told: unknown[] = [];
    store.listen((change) => told.push(change ?? store.sessions));
    await snapshot(0, [bar(1, 1), bar(2, 2)]);
    await vi.waitFor(() => expect(store.sessions).toEqual([session]));
    expect(spans.map(([asked, from]) => [asked, from])).toEqual([['A', MINUTE]]);
    expect(told).toEqual([[], [session]]);
  });

  it('takes only its own symbol', async () => {
    await snapshot(0, [bar(1, 1)]);
    sink.log!([barLog(1, bar(2, 2), 'B')]);
    expect(closes()).toEqual([1]);
  });

  it('tells listeners how much changed', async () => {
    await snapshot(0, [bar(1, 1), bar(3, 3)]);
    const kinds: string[] = [];
    store.listen((change) => kinds.push(change?.kind ?? 'all'));
    sink.state!([barState(bar(4, 4, 'forming'))]);
    sink.log!([barLog(1, bar(4, 5)), barLog(2, bar(1, 2, 'revised', 1)), barLog(3, bar(2, 2))]);
    sink.state!([barState(bar(4, 9, 'forming'))]);
    expect(kinds).toEqual(['append', 'update', 'patch', 'rebuild']);
  });

  it('tells of many bars at once, as after a resume, by one change', async () => {
    await snapshot(0, [bar(1, 1)]);
    const kinds: string[] = [];
    store.listen((change) => kinds.push(change?.kind ?? 'all'));
    sink.log!(Array.from({ length: 50 }, (_, at) => barLog(at + 1, bar(at + 2, at))));
    expect(kinds).toEqual(['all']);
    expect(store.series.bars).toHaveLength(51);
    expect(store.lastBar()?.close).toBe(49);
  });

  it('keeps the newest forecast of each horizon and what was said for each bar', async () => {
    await snapshot(0, [bar(1, 1)]);
    sink.log!([forecastLog(1, 1, 1), forecastLog(2, 1, 5), forecastLog(3, 2, 1), forecastLog(4, 2, 5)]);
    expect(store.forecasts().map((each) => [each.horizon, each.start / MINUTE])).toEqual([
      [1, 2],
      [5, 2],
    ]);
    expect(store.saidFor(6 * MINUTE)?.start).toBe(MINUTE);
    expect(store.saidFor(2 * MINUTE, 1)?.start).toBe(MINUTE);
    expect(store.fan()?.knots.map((knot) => knot.horizon)).toEqual([0, 1, 5]);
  });

  it('draws the served family, another one when asked, and never one that has fallen silent', async () => {
    await snapshot(0, [bar(1, 1)]);
    sink.log!([forecastLog(1, 1, 5, 'lstm'), forecastLog(2, 8, 5, 'blend'), forecastLog(3, 8, 5, 'arima', true)]);
    expect(store.families()).toEqual(['blend', 'arima']);
    expect(store.forecast()?.family).toBe('blend');
    expect(store.saidFor(6 * MINUTE)?.family).toBe('lstm');
    family.set('arima');
    expect(store.forecast()?.family).toBe('arima');
    expect(store.saidFor(6 * MINUTE)).toBeUndefined();
    expect(store.rivals().map((each) => each.family)).toEqual(['blend', 'arima']);
    family.set('lstm');
    expect(store.forecast()?.family).toBe('blend');
  });

  it('fetches again after a reset and when the symbol changes', async () => {
    await snapshot(5, [bar(1, 1)]);
    sink.reset!();
    expect(store.phase().phase).toBe('loading');
    await snapshot(2, [bar(1, 3)]);
    expect(closes()).toEqual([3]);
    symbol.set('B');
    TestBed.tick();
    expect(store.phase().phase).toBe('loading');
  });

  it('says what failed and can be tried again', async () => {
    answer.fail(new HubError(503, 'expected MongoDB, was away'));
    await vi.waitFor(() => expect(store.phase()).toMatchObject({ phase: 'failed', status: 503 }));
    void store.load();
    await snapshot(0, [bar(1, 1)]);
    expect(closes()).toEqual([1]);
  });
});
