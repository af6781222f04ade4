import { linePath, sparkPath } from './line-path';

describe('linePath', () => {
  it('starts anew after a gap', () => {
    expect(
      linePath([
        [0, 1],
        [1, NaN],
        [2, 3],
        [3, 4],
      ]),
    ).toBe('M0.0 1.0M2.0 3.0L3.0 4.0');
  });
});

describe('sparkPath', () => {
  it('fits the range into the height', () => {
    expect(sparkPath([1, 3, null, 2], 33, 20)).toBe('M0.0 18.0L10.0 2.0M30.0 10.0');
  });

  it('draws a level line in the middle, and nothing of one value', () => {
    expect(sparkPath([5, 5], 13, 20)).toBe('M0.0 10.0L10.0 10.0');
    expect(sparkPath([5, null], 13, 20)).toBe('');
  });
});
