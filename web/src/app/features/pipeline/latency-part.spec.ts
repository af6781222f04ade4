import { LatencyRow } from '../../core/api/schema';
import { partsOf } from './latency-part';

const rows = (...p50: number[]): LatencyRow[] =>
  p50.map((ms, at) => ({ stage: `s${at}`, n: 9, p50_ms: ms, p99_ms: ms }));

describe('partsOf', () => {
  it('cuts the bar in true shares', () => {
    const parts = partsOf(rows(1, 2, 7), 100, 1_000, 84);
    expect(parts.map((part) => Math.round(part.x))).toEqual([100, 200, 400]);
    expect(parts.map((part) => Math.round(part.width))).toEqual([100, 200, 700]);
    expect(parts.map((part) => part.name)).toEqual(parts.map((part) => part.x));
  });

  it('keeps the names of small stages apart and inside, wherever those stand', () => {
    for (const p50 of [
      [0.01, 0.02, 0.05, 20],
      [20, 0.05, 0.02, 0.01],
      [0, 0, 0, 0],
    ]) {
      const names = partsOf(rows(...p50), 100, 1_000, 84).map((part) => part.name);
      names.slice(1).forEach((name, at) => expect(name - names[at]!).toBeGreaterThanOrEqual(84 - 1e-9));
      expect(names[0]).toBeGreaterThanOrEqual(100);
      expect(names.at(-1)! + 84).toBeLessThanOrEqual(1_100 + 1e-9);
    }
  });

  it('shares the room where it is too small for all', () => {
    const names = partsOf(rows(1, 1, 1, 1), 0, 200, 84).map((part) => part.name);
    expect(names).toEqual([0, 50, 100, 150]);
  });
});
