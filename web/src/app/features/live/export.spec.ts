import { Bar } from '../../core/market/bar';
import { Forecast } from '../../core/market/forecast';
import { barsCsv } from './export';

const bar = (start: number, close: number | null): Bar => ({
  ...{ start, open: close, high: close, low: close, close, volume: 2, vwap: close, trades: 1 },
  ...{ state: 'final', revision: 0, quality: close === null ? 'no_data' : 'ok' },
});

describe('barsCsv', () => {
  it('writes bars and what had been said, with empty cells where nothing is', () => {
    const said = { family: 'blend', quantiles: [9, 10, 11] } as unknown as Forecast;
    const lines = barsCsv([bar(0, 10), bar(60_000, null)], [0.1, 0.5, 0.9], (start) =>
      start ? undefined : said,
    ).split('\r\n');
    expect(lines[0]).toMatch(/^start,open/);
    expect(lines[1]).toBe('1970-01-01T00:00:00.000Z,10,10,10,10,2,10,1,final,ok,blend,9,10,11');
    expect(lines[2]).toBe('1970-01-01T00:01:00.000Z,,,,,2,,1,final,no_data,,,,');
    expect(lines).toHaveLength(4);
    expect(new Set(lines.slice(0, 3).map((line) => line.split(',').length)).size).toBe(1);
  });
});
