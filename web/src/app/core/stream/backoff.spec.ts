import { backoff } from './backoff';

describe('backoff', () => {
  it('doubles its ceiling from half a second up to fifteen', () => {
    const ceilings = [0, 1, 2, 3, 4, 5, 6, 60].map((attempt) => backoff(attempt, () => 1));
    expect(ceilings).toEqual([500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
  });

  it('spreads over the whole range', () => {
    expect(backoff(3, () => 0)).toBe(0);
    expect(backoff(3, () => 0.25)).toBe(1000);
  });
});
