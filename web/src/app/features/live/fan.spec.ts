import { Forecast, priceAt } from '../../core/market/forecast';
import { fanOf, fanPrice, fanStarts } from './fan';

const LEVELS = [0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975];
const MINUTE = 60_000;

/** Quantiles whose distance from 100 grows with √horizon, as those of a random walk do. */
const forecast = (horizon: number, made = 10 * MINUTE): Forecast => ({
  start: made - MINUTE,
  made,
  horizon,
  due: made + horizon * MINUTE,
  price: 100,
  quantiles: LEVELS.map((level) => 100 + (level - 0.5) * Math.sqrt(horizon)),
  family: 'ewma',
  version: '1',
});

describe('fan', () => {
  const fan = fanOf([forecast(5), forecast(1)])!;

  it('starts at the price and meets every forecast', () => {
    for (const level of [0.025, 0.1, 0.5, 0.975]) {
      expect(fanPrice(fan, LEVELS, level, 0)).toBe(100);
      expect(fanPrice(fan, LEVELS, level, 1)).toBeCloseTo(100 + (level - 0.5), 12);
      expect(fanPrice(fan, LEVELS, level, 5)).toBeCloseTo(100 + (level - 0.5) * Math.sqrt(5), 12);
    }
  });

  it('follows a random walk exactly between the horizons', () => {
    for (const horizon of [0.25, 0.5, 2, 3, 4.5])
      expect(fanPrice(fan, LEVELS, 0.9, horizon)).toBeCloseTo(100 + 0.4 * Math.sqrt(horizon), 12);
  });

  it('widens with the horizon and never crosses', () => {
    let width = 0;
    for (let horizon = 0.1; horizon <= 5; horizon += 0.1) {
      const prices = LEVELS.map((level) => fanPrice(fan, LEVELS, level, horizon));
      expect([...prices].sort((a, b) => a - b)).toEqual(prices);
      expect(prices.at(-1)! - prices[0]!).toBeGreaterThan(width);
      width = prices.at(-1)! - prices[0]!;
    }
  });

  it('names the bars it is about, with those between the horizons', () => {
    expect(fanStarts(fan, MINUTE).map((ms) => ms / MINUTE)).toEqual([10, 11, 12, 13, 14]);
  });

  it('skips a closed market as the due times say', () => {
    const night = { ...forecast(5), due: forecast(5).due + 600 * MINUTE };
    expect(fanStarts(fanOf([forecast(1), night])!, MINUTE).at(-1)).toBe(614 * MINUTE);
  });

  it('is nothing without forecasts', () => {
    expect(fanOf([])).toBeNull();
  });
});

describe('priceAt', () => {
  const { quantiles } = forecast(1);

  it('takes a level of the record as it is and interpolates between two', () => {
    expect(priceAt(quantiles, LEVELS, 0.2)).toBe(quantiles[3]);
    expect(priceAt(quantiles, LEVELS, 0.25)).toBeCloseTo((quantiles[3]! + quantiles[4]!) / 2, 12);
  });

  it('stays at the ends outside of the levels', () => {
    expect(priceAt(quantiles, LEVELS, 0.001)).toBe(quantiles[0]);
    expect(priceAt(quantiles, LEVELS, 0.999)).toBe(quantiles.at(-1));
  });
});
