import { ModelRow } from '../../core/api/schema';
import { evidenceOf } from './evidence';

const model = (family: string, champion: string | null, challenger: string | null, evidence: object): ModelRow =>
  ({
    name: `${family}-1d`,
    family,
    interval: '1d',
    champion,
    challenger,
    versions: Object.entries(evidence).map(([version, text]) => ({ version, tags: { evidence: text as string } })),
  }) as unknown as ModelRow;

describe('evidenceOf', () => {
  it('is the challenger’s, else that by which the champion won', () => {
    const models = [
      model('lstm', '2', null, { 2: '1 4 21', 1: '' }),
      model('blend', '2', '3', { 3: '1 1.5', 2: '1 25' }),
    ];
    expect(evidenceOf(models, '1d').map(({ name, path, now }) => [name, path, now])).toEqual([
      ['Blend v3', [1, 1.5], 1.5],
      ['LSTM v2', [1, 4, 21], 21],
    ]);
    expect(evidenceOf(models, '1m')).toEqual([]);
  });

  it('leaves out what is no path', () => {
    expect(evidenceOf([model('lstm', '1', null, { 1: 'by hand' })], '1d')).toEqual([]);
    expect(evidenceOf([model('lstm', '1', null, { 1: '' })], '1d')).toEqual([]);
  });
});
