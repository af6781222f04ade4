import golden from '../../../../../tests/hub/golden.json';
import { barOf, decode, forecastOf, Hello, LogEvent, scoreOf, ServerMessage, StateEvent, stateKey } from './messages';

/** Every server message that the hub's own tests check, see tests/hub. */
const messages: readonly (ServerMessage | null)[] = [golden.hello, golden.state, golden.log].map((message) =>
  decode(JSON.stringify(message)),
);
const states = messages.flatMap((message) => (message?.[0] === 'state' ? message[1] : []));
const logs = messages.flatMap((message) => (message?.[0] === 'log' ? message[1] : []));
const stateOf = (kind: string): StateEvent => states.find((event) => event[0] === kind)!;
const logOf = (kind: string): LogEvent => logs.find((event) => event[1] === kind)!;

describe('messages', () => {
  it('decodes every message of the hub', () => {
    expect(messages).not.toContain(null);
    expect(new Set(states.map((event) => event[0]))).toEqual(new Set(['quote', 'bar', 'health']));
    expect(new Set(logs.map((event) => event[1]))).toEqual(new Set(['bar', 'forecast', 'model', 'note', 'score']));
  });

  it('reads hello', () => {
    const hello = messages.find((message) => message?.[0] === 'hello');
    expect(hello?.[1]).toMatchObject({ protocol: 1, boot: expect.any(String), seq: expect.any(Number) });
    expect((hello?.[1] as Hello).levels).toHaveLength(13);
  });

  it('reads bars of state and log alike', () => {
    const [forming, final] = [stateOf('bar'), logOf('bar')];
    if (forming[0] !== 'bar' || final[1] !== 'bar') throw new Error('expected bars');
    expect(barOf(forming)).toMatchObject({ state: 'forming', start: expect.any(Number), open: expect.any(Number) });
    expect(['final', 'revised']).toContain(barOf(final).state);
    expect(['ok', 'partial', 'no_trade', 'no_data']).toContain(barOf(final).quality);
  });

  it('reads a forecast with its thirteen prices', () => {
    const event = logOf('forecast');
    if (event[1] !== 'forecast') throw new Error('expected a forecast');
    const forecast = forecastOf(event);
    expect(forecast.quantiles).toHaveLength(13);
    expect(forecast.due).toBeGreaterThan(forecast.made);
    expect(forecast.family).toEqual(expect.any(String));
  });

  it('keys state by what it replaces', () => {
    expect(stateKey(stateOf('bar'))).toBe('bar AAPL 1m');
    expect(stateKey(stateOf('quote'))).toBe('quote AAPL');
    expect(stateKey(stateOf('health'))).toBe('health');
  });

  it('reads a score', () => {
    const event = logOf('score');
    if (event[1] !== 'score') throw new Error('expected a score');
    expect(scoreOf(event)).toMatchObject({ horizon: expect.any(Number), family: expect.any(String), shadow: false });
    expect(scoreOf(event).due).toBeGreaterThan(scoreOf(event).made);
  });

  it('ignores what it does not know, and counts events of unknown kinds', () => {
    for (const text of ['["novelty", {}]', '{"a": 1}', 'no JSON', '["hello", null]', '["log", 7]', 'null']) {
      expect(decode(text), text).toBeNull();
    }
    expect(decode('["hello", {"protocol": 9, "seq": 1, "boot": "b", "novel": {}}]')?.[1]).toMatchObject({ levels: [] });
    expect(decode('["log", [[4, "novelty", {}], "x", [5]]]')).toEqual(['log', [[4, 'novelty', {}]]]);
    expect(
      decode('["state", [["quote", "A", 1, 2, "s", "more"], ["novelty", "A"], ["health", {}]]]')?.[1],
    ).toHaveLength(1);
  });
});
