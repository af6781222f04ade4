import { ModelRow, ScoreTally, VersionRow } from '../../core/api/schema';
import { compare, ratioText, shareText } from './comparison';

const version = (number: string, more: Partial<VersionRow> = {}): VersionRow => ({
  version: number,
  created: 1,
  aliases: [],
  run_id: 'r',
  url: '',
  tags: { until_ns: '1601424000000000000' },
  metrics: {},
  ...more,
});
const model = (family: string, champion: string | null, ...versions: VersionRow[]): ModelRow =>
  ({ name: `${family}-1d`, family, interval: '1d', champion, challenger: null, versions }) as unknown as ModelRow;
const tally = (family: string, number: string, horizon = 1, interval = '1d'): ScoreTally =>
  ({ family, version: number, horizon, interval, n: 10 }) as ScoreTally;
const keys = (...args: Parameters<typeof compare>) => compare(...args).map((row) => row.key);

describe('compare', () => {
  it('puts the served blend first and the floor last', () => {
    const models = [model('lstm', '2', version('2')), model('blend', '1', version('1'))];
    expect(keys(models, [tally('ewma', '0.94'), tally('naive', '1')], '1d')).toEqual([
      'blend 1',
      'lstm 2',
      'ewma 0.94',
      'naive 1',
    ]);
  });

  it('lists the champion, the newest and what was scored, not every version', () => {
    const versions = ['9', '8', '7', '6', '5'].map((each) => version(each));
    expect(keys([model('lstm', '5', ...versions)], [tally('lstm', '6')], '1d')).toEqual([
      'lstm 9',
      'lstm 8',
      'lstm 6',
      'lstm 5',
    ]);
  });

  it('joins the live record by horizon, of this interval alone', () => {
    const [row] = compare(
      [model('lstm', '2', version('2'))],
      [tally('lstm', '2', 1), tally('lstm', '2', 5), tally('lstm', '2', 1, '1m')],
      '1d',
    );
    expect([...row!.live.keys()]).toEqual([1, 5]);
    expect(row).toMatchObject({ state: 'champion', until: 1_601_424_000_000 });
  });
});

describe('figures', () => {
  it('say nothing where nothing is known', () => {
    expect([ratioText(0.97949), ratioText(null), shareText(0.8012), shareText(undefined)]).toEqual([
      '0.979',
      '–',
      '80.1',
      '–',
    ]);
  });
});
