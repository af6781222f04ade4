import { Bar } from './bar';
import { sessionOpens } from './sessions';

const at = (...hours: number[]): Bar[] => hours.map((hour) => ({ start: hour * 3_600_000 }) as Bar);

describe('sessionOpens', () => {
  it('finds the first bar after a night, none in a session and none of days', () => {
    expect(sessionOpens(at(9, 10, 11, 27, 28), 3_600_000)).toEqual([3]);
    expect(sessionOpens(at(9, 10), 60_000)).toEqual([]);
    expect(sessionOpens(at(0, 72), 86_400_000)).toEqual([]);
  });
});
