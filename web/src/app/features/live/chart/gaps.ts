import { Bar } from '../../../core/market/bar';

/** Bars `from` to `to` (indices, both in the gap) without data; `start` and `end` in ms. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly start: number;
  readonly end: number;
}

const found = new WeakMap<
  readonly Bar[],
  { readonly length: number; readonly last: Bar | undefined; readonly gaps: readonly Gap[] }
>();

/**
 * Runs of bars that the feed left out; `length` of a bar in ms. Searched again only when bars were added, so a bar
 * that turns from no data to data in place needs a new array.
 */
export function gapsOf(bars: readonly Bar[], length: number): readonly Gap[] {
  const known = found.get(bars);
  if (known?.length === bars.length && known.last?.start === bars.at(-1)?.start) return known.gaps;
  const gaps: Gap[] = [];
  let from = -1;
  for (let at = 0; at <= bars.length; at++) {
    const missing = bars[at]?.quality === 'no_data';
    if (missing && from < 0) from = at;
    if (missing || from < 0) continue;
    const end = bars[at]?.start ?? bars[at - 1]!.start + length;
    gaps.push({ from, to: at - 1, count: at - from, start: bars[from]!.start, end });
    from = -1;
  }
  found.set(bars, { length: bars.length, last: bars.at(-1), gaps });
  return gaps;
}
