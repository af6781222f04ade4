import { familyRank, familyToken, levelAt, priceAt } from './forecast';

const LEVELS = [0.1, 0.5, 0.9];

describe('forecast', () => {
  it('finds the level of a price, and the price of a level', () => {
    expect(levelAt([90, 100, 110], LEVELS, 105)).toBeCloseTo(0.7);
    expect(priceAt([90, 100, 110], LEVELS, 0.7)).toBeCloseTo(105);
    expect([89, 90, 111].map((price) => levelAt([90, 100, 110], LEVELS, price))).toEqual([0, 0.1, 1]);
    expect(levelAt([100, 100, 100], LEVELS, 100)).toBe(0.1);
  });

  it('puts the blend first and the floor last', () => {
    const families = ['naive', 'lstm', 'novel', 'blend', 'ewma'];
    expect(families.sort((a, b) => familyRank(a) - familyRank(b))).toEqual(['blend', 'lstm', 'novel', 'ewma', 'naive']);
    expect(['blend', 'har-x', 'novel'].map(familyToken)).toEqual(['blend', 'floor', 'floor']);
  });
});
