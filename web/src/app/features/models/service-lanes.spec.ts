import { ChangeRow, ModelRow } from '../../core/api/schema';
import { changesOf, lanesOf } from './service-lanes';

const change = (at: number, before: string | null, after: string): ChangeRow => ({ at, before, after, why: '' });
const model = (family: string, history: ChangeRow[], champion: string | null = null): ModelRow =>
  ({
    name: `${family}-1d`,
    family,
    interval: '1d',
    champion,
    challenger: null,
    versions: [{ version: '3', created: 70 }],
    history,
  }) as unknown as ModelRow;

describe('lanesOf', () => {
  it('gives each champion the time until the next, the last until now', () => {
    const [lane] = lanesOf([model('lstm', [change(50, '1', '2'), change(10, null, '1')])], '1d', 99);
    expect(lane!.segments).toEqual([
      { label: 'v1', from: 10, to: 50, current: false },
      { label: 'v2', from: 50, to: 99, current: true },
    ]);
  });

  it('puts the blend on top and leaves out what never served', () => {
    const models = [model('lstm', [change(1, null, '1')]), model('arima', []), model('blend', [change(1, null, '1')])];
    expect(lanesOf(models, '1d', 9).map((lane) => lane.name)).toEqual(['Blend', 'LSTM']);
    expect(lanesOf(models, '1m', 9)).toEqual([]);
  });
});

describe('changesOf', () => {
  it('knows of a champion without a history when it was registered', () => {
    expect(changesOf(model('lstm', [], '3'))).toEqual([{ at: 70, before: null, after: '3', why: 'registered' }]);
  });
});
