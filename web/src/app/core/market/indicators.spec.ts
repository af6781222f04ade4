import { Bar } from './bar';
import { ema, rsi, volatility, vwap } from './indicators';

const bar = (close: number | null, volume = 1): Bar => ({
  ...{ start: 0, open: close, high: close, low: close, close, volume, vwap: close, trades: 1 },
  ...{ state: 'final', revision: 0, quality: close === null ? 'no_data' : 'ok' },
});
const bars = (...closes: (number | null)[]): Bar[] => closes.map((close) => bar(close));

describe('indicators', () => {
  it('EMA of a constant is the constant, and has no value in a gap or before its window is full', () => {
    expect(ema(bars(5, 5, null, 5), 2)).toEqual([null, 5, null, 5]);
    expect(ema(bars(0, 3), 2)).toEqual([null, 2]);
  });

  it('VWAP weighs by volume and begins anew with a session', () => {
    const traded = [bar(10, 1), bar(20, 3), bar(30, 2)];
    expect(vwap(traded, new Set())).toEqual([10, 17.5, 130 / 6]);
    expect(vwap(traded, new Set([2]))[2]).toBe(30);
    expect(vwap([bar(10, 0)], new Set())).toEqual([null]);
  });

  it('RSI is 100 after rises only, 50 where nothing moved', () => {
    expect(rsi(bars(1, 2, 3, 4), 3)).toEqual([null, null, null, 100]);
    expect(rsi(bars(1, 1, 1), 2).at(-1)).toBe(50);
  });

  it('volatility is the root mean square of returns in basis points', () => {
    const up = Math.exp(0.001);
    expect(volatility(bars(1, up, 1, up), 3).at(-1)).toBeCloseTo(10);
    expect(volatility(bars(1, up), 2)).toEqual([null, null]);
  });
});
