import { HubApi } from '../../core/api/hub-api';
import { ModelsReply } from '../../core/api/schema';
import { placesAt, trainedIntervals } from './trained-places';

const model = (family: string, interval: string, champion: string | null) =>
  ({ name: `${family}-${interval}`, family, interval, champion, versions: [], history: [] }) as unknown;

describe('trainedIntervals', () => {
  it('names each interval with a trained champion once, the shortest first', () => {
    const models = [
      model('lstm', '1d', '1'),
      model('blend', '1d', '2'),
      model('arima', '1s', '1'),
      model('arima', '5m', null),
      model('har', '1h', '1'),
    ] as ModelsReply['models'];
    expect(trainedIntervals(models)).toEqual(['1s', '1d']);
  });
});

describe('placesAt', () => {
  const api = {
    forecasts: (symbol: string, interval: string) =>
      Promise.resolve({ seq: 1, forecasts: symbol === 'AAPL' && interval === '1s' ? [{}] : [] }),
    get: (_: string, { interval }: { interval: string }) =>
      Promise.resolve({ scores: interval === '1d' ? [{ symbol: '^GSPC' }] : [] }),
  } as unknown as HubApi;

  it('stays at the symbol where it can, and leaves out where nobody has spoken', async () => {
    const places = await placesAt(api, ['1s', '1h', '1d'], 'AAPL', new AbortController().signal);
    expect(places).toEqual([
      { interval: '1s', symbol: 'AAPL' },
      { interval: '1d', symbol: '^GSPC' },
    ]);
  });
});
