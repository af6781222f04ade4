import { SessionRow } from '../api/schema';
import { Bar } from './bar';

const DAY_MS = 86_400_000;

/**
 * Indices of bars that open a session of the exchange's calendar, the first bar left out: it may stand anywhere in its
 * own. `sessions` are those of the hub, oldest first; parts that a lunch break divides begin on one day of UTC and count
 * as one. None for bars of a day or longer.
 */
export function sessionOpens(bars: readonly Bar[], length: number, sessions: readonly SessionRow[]): number[] {
  if (length >= DAY_MS) return [];
  const opens: number[] = [];
  let day: number | null = null;
  for (const { open, close } of sessions) {
    const began = Math.floor(open / DAY_MS);
    if (began === day) continue;
    day = began;
    const at = firstEndingAfter(bars, length, open);
    if (at > 0 && at < bars.length && bars[at]!.start < close) opens.push(at);
  }
  return opens;
}

/** Index of the first bar of which a part lies after `time`, ms; `bars.length` where there is none. */
function firstEndingAfter(bars: readonly Bar[], length: number, time: number): number {
  let [low, high] = [0, bars.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bars[middle]!.start + length > time) high = middle;
    else low = middle + 1;
  }
  return low;
}
