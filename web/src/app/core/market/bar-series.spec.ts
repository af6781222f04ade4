import { Bar } from './bar';
import { BarSeries } from './bar-series';

const bar = (start: number, more: Partial<Bar> = {}): Bar => ({
  start,
  open: 1,
  high: 2,
  low: 0.5,
  close: 1,
  volume: 10,
  vwap: 1,
  trades: 3,
  state: 'final',
  revision: 0,
  quality: 'ok',
  ...more,
});
const starts = (series: BarSeries) => series.bars.map((each) => each.start);

describe('BarSeries', () => {
  it('appends, updates the last, patches an older one', () => {
    const series = new BarSeries();
    expect([1, 2, 3].map((start) => series.apply(bar(start)))).toEqual(['append', 'append', 'append']);
    expect(series.apply(bar(3, { revision: 1, close: 5 }))).toBe('update');
    expect(series.apply(bar(1, { revision: 1, close: 7, state: 'revised' }))).toBe('patch');
    expect(series.bars.map((each) => each.close)).toEqual([7, 1, 5]);
  });

  it('puts a late bar where it belongs', () => {
    const series = new BarSeries();
    series.reset([bar(1), bar(4)]);
    expect(series.apply(bar(2))).toBe('rebuild');
    expect(starts(series)).toEqual([1, 2, 4]);
  });

  it('never lets a forming bar or a lower revision win', () => {
    const series = new BarSeries();
    series.reset([bar(1, { state: 'revised', revision: 2, close: 9 })]);
    expect(series.apply(bar(1, { state: 'forming' }))).toBe('ignore');
    expect(series.apply(bar(1, { revision: 1 }))).toBe('ignore');
    expect(series.last?.close).toBe(9);
  });

  it('gives the same bars in whatever order messages come', () => {
    const messages = [
      bar(1, { state: 'forming' }),
      bar(1),
      bar(2, { state: 'forming' }),
      bar(1, { state: 'revised', revision: 1 }),
    ];
    const orders = [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
      [2, 0, 3, 1],
      [1, 3, 0, 2],
    ];
    const results = orders.map((order) => {
      const series = new BarSeries();
      order.forEach((at) => series.apply(messages[at]!));
      return series.bars;
    });
    for (const result of results) expect(result).toEqual(results[0]);
  });

  it('stays within its limit and does not grow at the old end', () => {
    const series = new BarSeries(10);
    for (let start = 0; start < 50; start++) series.apply(bar(start));
    expect(series.bars.length).toBeLessThanOrEqual(10);
    expect(series.last?.start).toBe(49);
    series.reset(Array.from({ length: 10 }, (_, at) => bar(100 + at)));
    expect(series.apply(bar(5))).toBe('ignore');
  });

  it('takes older pages in front', () => {
    const series = new BarSeries(5);
    series.reset([bar(10), bar(11)]);
    expect(series.prepend([bar(8), bar(9), bar(10)])).toBe(2);
    expect(series.prepend([bar(1), bar(2), bar(3)])).toBe(1);
    expect(starts(series)).toEqual([3, 8, 9, 10, 11]);
    expect(series.indexOf(9)).toBe(2);
    expect(series.indexOf(4)).toBe(-1);
  });
});
