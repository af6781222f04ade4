import { Bar } from './bar';
import { sessionOpens } from './sessions';

const HOUR = 3_600_000;
const at = (...hours: number[]): Bar[] => hours.map((hour) => ({ start: hour * HOUR }) as Bar);
const session = (open: number, close: number) => ({ open: open * HOUR, close: close * HOUR });

describe('sessionOpens', () => {
  it('finds the first bar of each session, but not of the one that the first bar stands in', () => {
    const days = [session(9, 17), session(33, 41), session(57, 65)];
    expect(sessionOpens(at(10, 11, 16, 33, 34, 57), HOUR, days)).toEqual([3, 5]);
  });

  it('takes a bar that the opening bell cuts, and none that stand outside of all sessions', () => {
    const days = [session(9.5, 16), session(33.5, 40)];
    expect(sessionOpens(at(15, 33, 34), HOUR, days)).toEqual([1]);
    expect(sessionOpens(at(15, 41, 42), HOUR, days)).toEqual([]);
  });

  it('sees a long gap of the feed as no session', () => {
    expect(sessionOpens(at(1, 2, 20, 21), HOUR, [session(-1e6, 1e6)])).toEqual([]);
  });

  it('counts the parts before and after a lunch break as one', () => {
    const days = [session(0, 2.5), session(3.5, 6), session(24, 26.5), session(27.5, 30)];
    expect(sessionOpens(at(0, 1, 2, 4, 5, 24, 25, 28), HOUR, days)).toEqual([5]);
  });

  it('finds none among days', () => {
    expect(sessionOpens(at(0, 72), 24 * HOUR, [session(0, 8), session(72, 80)])).toEqual([]);
  });
});
