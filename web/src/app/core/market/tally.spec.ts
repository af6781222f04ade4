import { Score } from './score';
import { chanceBand, rollingTallies, tallyOf } from './tally';

const score = (due: number, inside80: number | null, crps: number | null = 1): Score => ({
  ...{ start: 0, made: 0, horizon: 5, due, family: 'blend', version: '1', truth: inside80 === null ? null : 1 },
  ...{ crps, naive: crps === null ? null : 2, inside80, inside95: inside80 === null ? null : 1, shadow: false },
});

describe('tallies', () => {
  it('count hits and losses, and leave out what had no truth', () => {
    expect(tallyOf([score(1, 1), score(2, null, null), score(3, 0)])).toMatchObject({
      ...{ n: 2, inside80: 0.5, inside95: 1, ratio: 0.5, due: 3 },
    });
    expect(tallyOf([])).toBeNull();
  });

  it('roll over the newest scores only', () => {
    const rolled = rollingTallies([score(1, 0), score(2, 1), score(3, 1)], 2);
    expect(rolled.map(({ due, n, inside80 }) => [due, n, inside80])).toEqual([
      [1, 1, 0],
      [2, 2, 0.5],
      [3, 2, 1],
    ]);
  });

  it('have no ratio where naive lost nothing', () => {
    expect(tallyOf([{ ...score(1, 1), naive: 0 }])?.ratio).toBeNull();
  });

  it('have a wider chance band where horizons overlap', () => {
    const [low, high] = chanceBand(0.8, 60, 1);
    expect([low, high].map((edge) => edge.toFixed(3))).toEqual(['0.699', '0.901']);
    expect(chanceBand(0.8, 60, 5)[0]).toBeLessThan(low);
    expect(chanceBand(0.95, 10, 5)[1]).toBe(1);
  });
});
