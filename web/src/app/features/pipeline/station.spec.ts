import { PipelineReply } from '../../core/api/schema';
import { archiveLagOf, lineWidth, msText, rateText, shortName, stationsOf } from './station';

const REPLY = {
  topics: [
    { name: 'causal-alpha.ticks', end: 9, lag: 2, rows: 40, rates: { s10: 20_140.2, m1: 5, m15: 1 } },
    { name: 'causal-alpha.scores', end: null, lag: null, rows: null, rates: null },
  ],
  agents: [],
  latency: [{ stage: 'bars', n: 9, p50_ms: 4, p99_ms: 16.4 }],
} as unknown as PipelineReply;

describe('stationsOf', () => {
  it('gives each topic of the line what is known of it', () => {
    const stations = stationsOf(REPLY, 's10');
    expect(stations.map((each) => each.name)).toEqual(['ticks', 'bars', 'features', 'forecasts', 'scores']);
    expect(stations[0]).toEqual({ name: 'ticks', rate: 20_140.2, rows: 40, lag: 2, p99: null });
    expect(stations[1]).toMatchObject({ rate: null, p99: 16.4 });
    expect(stations[4]).toMatchObject({ rate: null, lag: null });
  });
});

describe('archiveLagOf', () => {
  const agent = (name: string, lag: number | null) =>
    ({ name, reads: 'causal-alpha.bars', writes: [], lag, follows: false, p50_ms: null, p99_ms: null }) as const;

  it('sums what waits for all that archive', () => {
    expect(archiveLagOf([agent('archive_bars', 5), agent('archive_scores', 1), agent('broadcast_bars', 9)])).toBe(6);
  });

  it('knows nothing where Kafka says nothing', () => {
    expect(archiveLagOf([agent('archive_bars', null), agent('broadcast_bars', 9)])).toBeNull();
  });
});

describe('the text of a station', () => {
  it('rounds to what can be read', () => {
    expect([20_140.2, 1.26, 0, null].map(rateText)).toEqual(['20,140', '1.3', '0', '–']);
    expect([2_140, 9.26, 0.034, null].map(msText)).toEqual(['2,140', '9.3', '0.034', '–']);
    expect(['causal-alpha.ticks', 'ticks'].map(shortName)).toEqual(['ticks', 'ticks']);
  });

  it('widens a line by a px each tenfold, within limits', () => {
    expect(lineWidth(null)).toBe(lineWidth(0));
    expect(lineWidth(99) - lineWidth(9)).toBeCloseTo(1);
    expect(lineWidth(1e12)).toBe(6);
  });
});
