import { PipelineReply } from '../../core/api/schema';
import { lineWidth, msText, rateText, shortName, stationsOf } from './station';

const REPLY = {
  topics: [
    { name: 'causal-alpha.ticks', end: 9, lag: 2, rows: 40, rates: { s10: 20_140.2, m1: 5, m15: 1 } },
    { name: 'causal-alpha.scores', end: null, lag: null, rows: null, rates: null },
  ],
  agents: [{ name: 'bars.make_bars', reads: 'ticks', writes: ['bars', 'rejects'], lag: 2, p50_ms: 4, p99_ms: 16.4 }],
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
