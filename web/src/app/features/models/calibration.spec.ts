import { ScoreRow } from '../../core/api/schema';
import { calibrate, chance, floorRatio, Outcome, outcomesOf, SaidRow } from './calibration';

const LEVELS = [0.25, 0.5, 0.75];
const said = (start: number, quantiles: number[]): SaidRow =>
  ({ symbol: 'A', start, horizon: 1, family: 'lstm', version: '2', quantiles }) as unknown as SaidRow;
const score = (start: number, truth: number | null, more: Partial<ScoreRow> = {}): ScoreRow =>
  ({ symbol: 'A', start, horizon: 1, family: 'lstm', version: '2', truth, due: start + 1, ...more }) as ScoreRow;
const fallen = (bins: number[]): Outcome[] => bins.map((bin, due) => ({ family: 'lstm', version: '2', due, bin }));

describe('outcomesOf', () => {
  it('joins truths with what was said, and leaves out what lacks either', () => {
    const forecasts = [said(1, [9, 10, 11]), said(2, [9, 10, 11]), said(3, [9, 10, 11])];
    const scores = [score(1, 8), score(2, 10.5), score(3, null), score(4, 9)];
    expect(outcomesOf(forecasts, scores, 1).map((each) => each.bin)).toEqual([0, 2]);
    expect(outcomesOf(forecasts, scores, 5)).toEqual([]);
  });
});

describe('calibrate', () => {
  it('finds nothing wrong with an even scatter', () => {
    const bins = Array.from({ length: 40 }, (_, at) => at % 4);
    const { gaps, densities, n, independent } = calibrate(fallen(bins), LEVELS, 1)!;
    expect(gaps).toEqual([0, 0, 0]);
    expect(densities).toEqual([1, 1, 1, 1]);
    expect([n, independent]).toEqual([40, 40]);
  });

  it('shows intervals that are too narrow at both ends', () => {
    const bins = Array.from({ length: 40 }, (_, at) => (at % 2 ? 0 : 3));
    const { gaps, densities } = calibrate(fallen(bins), LEVELS, 5)!;
    expect(gaps).toEqual([0.25, 0, -0.25]);
    expect(densities).toEqual([2, 0, 0, 2]);
  });

  it('says nothing of a few, and counts overlapping ones as fewer', () => {
    expect(calibrate(fallen([0, 1]), LEVELS, 1)).toBeNull();
    expect(calibrate(fallen(new Array<number>(40).fill(1)), LEVELS, 5)!.independent).toBe(8);
    expect(chance(0.5, 100)).toBeCloseTo(0.098);
  });
});

describe('floorRatio', () => {
  const rows = (loss: (at: number) => number) =>
    Array.from({ length: 200 }, (_, at) => score(at, 1, { crps: loss(at), crps_ewma: 1 }));

  it('is sure of a steady advantage and less so of a wild one', () => {
    expect(floorRatio(rows(() => 0.9))).toMatchObject({ ratio: expect.closeTo(0.9) as number, n: 200 });
    expect(floorRatio(rows(() => 0.9))!.half).toBeCloseTo(0);
    expect(floorRatio(rows((at) => (at < 100 ? 0.5 : 1.3)))!.half).toBeGreaterThan(0.1);
  });

  it('needs times for its blocks', () => {
    expect(floorRatio(rows(() => 1).slice(0, 39))).toBeNull();
  });
});
