import { byLength, intervalMs, isDaily } from './interval';

describe('intervals', () => {
  it('have a length', () => {
    expect(['1s', '5m', '1h', '1d'].map(intervalMs)).toEqual([1_000, 300_000, 3_600_000, 86_400_000]);
    expect([isDaily('12h'), isDaily('1d')]).toEqual([false, true]);
  });

  it('stand in the order of their length, those by activity not at all', () => {
    expect(byLength(['1d', '1m', '100tick', '1s', '1m'])).toEqual(['1s', '1m', '1d']);
  });
});
