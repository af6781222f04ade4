import { Inbox } from './inbox';
import { LogEvent, StateEvent } from './messages';

const quote = (symbol: string, last: number): StateEvent => ['quote', symbol, 0, last, 'test'];
const model = (seq: number): LogEvent => [seq, 'model', 'ewma-1m', '1', 'champion', 'set', ''];

describe('Inbox', () => {
  it('keeps the newest state of each key and every log event in order', () => {
    const inbox = new Inbox();
    inbox.addState([quote('A', 1), quote('B', 2)]);
    inbox.addLog([model(1)]);
    inbox.addState([quote('A', 3)]);
    inbox.addLog([model(2), model(3)]);
    const { state, log } = inbox.take();
    expect(state).toEqual([quote('A', 3), quote('B', 2)]);
    expect(log.map(([seq]) => seq)).toEqual([1, 2, 3]);
    expect(inbox.empty).toBe(true);
  });
});
