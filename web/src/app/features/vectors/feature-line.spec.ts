import { FeaturesReply } from '../../core/api/schema';
import { linesOf, shiftOf, valueText } from './feature-line';

const reply = (rows: (number | null)[][]): FeaturesReply => ({
  symbol: 'A',
  interval: '1m',
  seq: 1,
  names: ['one', 'two'],
  features: rows.map((values, at) => ({ start: at, close: 1, values, feature_set: 'abc', source: 'x' })),
  specs: [
    { name: 'one', lookback: 2, ready: true },
    { name: 'two', lookback: 35, ready: false },
  ],
  window: { size: 35, filled: 2 },
});

describe('linesOf', () => {
  it('reads columns, what is missing and what the hub says of the window', () => {
    const [one, two] = linesOf(
      reply([
        [null, null],
        [0.5, null],
      ]),
    );
    expect(one).toMatchObject({ name: 'one', last: 0.5, missing: 0.5, lookback: 2, ready: true, shift: null });
    expect(two).toMatchObject({ last: null, missing: 1, lookback: 35, ready: false });
  });

  it('says nothing of no vectors', () => {
    expect(linesOf(reply([]))[0]).toMatchObject({ last: null, missing: 0 });
  });
});

describe('shiftOf', () => {
  it('measures the newest quarter in standard deviations of the rest', () => {
    const old = Array.from({ length: 60 }, (_, at) => (at % 2 ? 1 : -1));
    expect(shiftOf([...old, ...Array.from({ length: 20 }, () => 3)])).toBeCloseTo(3);
  });

  it('says nothing of too few, or of what never moved', () => {
    expect(shiftOf([1, 2, 3])).toBeNull();
    expect(shiftOf(Array.from({ length: 80 }, () => 1))).toBeNull();
  });
});

describe('valueText', () => {
  it('keeps four figures and a true minus', () => {
    expect([0.00123456, -1.23456e-8, 61_250, 0, null].map(valueText)).toEqual([
      '0.001235',
      '−1.235e−8',
      '61250',
      '0',
      '–',
    ]);
  });
});
