import { Bar } from './bar';

const NIGHT_MS = 2 * 3_600_000;

/**
 * Indices of bars that open a session: the bars before them ended at least two hours earlier (the calendar leaves out
 * closed time, a feed's gap has bars without data). None for bars of a day or longer.
 */
export function sessionOpens(bars: readonly Bar[], length: number): number[] {
  if (length >= 86_400_000) return [];
  const opens: number[] = [];
  for (let at = 1; at < bars.length; at++) {
    if (bars[at]!.start - bars[at - 1]!.start - length >= NIGHT_MS) opens.push(at);
  }
  return opens;
}
