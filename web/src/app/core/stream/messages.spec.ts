import golden from '../../../../../tests/hub/golden.json';
import { barOf, decode, forecastOf, Hello, LogEvent, ServerMessage, StateEvent, stateKey } from './messages';

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
    expect(new Set(logs.map((event) => event[1]))).toEqual(new Set(['bar', 'forecast', 'model']));
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

  it('ignores kinds it does not know', () => {
    expect(decode('["novelty", {}]')).toBeNull();
    expect(decode('{"a": 1}')).toBeNull();
  });
});
