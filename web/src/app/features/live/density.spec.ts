import { densities, normalQuantile } from './density';

const LEVELS = [0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975];

describe('densities', () => {
  it('knows the normal distribution', () => {
    expect(normalQuantile(0.5)).toBeCloseTo(0, 6);
    expect(normalQuantile(0.975)).toBeCloseTo(1.959964, 4);
  });

  it('is exact for a normal one, tails included', () => {
    const shown = densities(
      LEVELS.map((level) => 50 + 3 * normalQuantile(level)),
      LEVELS,
    );
    const wanted = LEVELS.map((level) => 100 * Math.exp(-(normalQuantile(level) ** 2) / 2));
    shown.forEach((density, at) => expect(density).toBeCloseTo(wanted[at]!, 4));
  });

  it('stays within 0 and 100 when quantiles coincide', () => {
    for (const density of densities(
      LEVELS.map(() => 5),
      LEVELS,
    ))
      expect(density).toBe(0);
  });
});
