import { Bar, isPriced } from './bar';

/** One value a bar; null while the window fills and where the feed left bars out. */
export type Line = (number | null)[];

/** Exponential mean of closes, weight 2 / (n + 1) on the newest; shown once n bars are in it. */
export function ema(bars: readonly Bar[], n: number): Line {
  let [mean, seen] = [0, 0];
  return bars.map((bar) => {
    if (!isPriced(bar)) return null;
    mean = seen === 0 ? bar.close : mean + ((bar.close - mean) * 2) / (n + 1);
    seen += 1;
    return seen >= n ? mean : null;
  });
}

/** Volume-weighted mean price since the session began; `opens` are the indices at which one does. */
export function vwap(bars: readonly Bar[], opens: ReadonlySet<number>): Line {
  let [money, volume] = [0, 0];
  return bars.map((bar, at) => {
    if (opens.has(at)) money = volume = 0;
    if (!isPriced(bar)) return null;
    money += (bar.vwap ?? bar.close) * (bar.volume ?? 0);
    volume += bar.volume ?? 0;
    return volume > 0 ? money / volume : null;
  });
}

/** Wilder's relative strength over n changes of the close, 0 to 100 (Wilder 1978). */
export function rsi(bars: readonly Bar[], n: number): Line {
  let [rises, falls, seen] = [0, 0, 0];
  return changes(bars).map((change) => {
    if (change === null) return null;
    seen += 1;
    const share = 1 / Math.min(seen, n);
    rises += (Math.max(change, 0) - rises) * share;
    falls += (Math.max(-change, 0) - falls) * share;
    if (seen < n) return null;
    return rises + falls === 0 ? 50 : (100 * rises) / (rises + falls);
  });
}

/** Root mean square of the last n log returns, in basis points a bar. */
export function volatility(bars: readonly Bar[], n: number): Line {
  const squares: number[] = [];
  let sum = 0;
  return changes(bars).map((change) => {
    if (change === null) return null;
    squares.push(change ** 2);
    sum += change ** 2;
    if (squares.length > n) sum -= squares.shift()!;
    return squares.length < n ? null : 1e4 * Math.sqrt(Math.max(0, sum) / n);
  });
}

/** Log returns from the last bar with a price, null at the first and at bars without one. */
function changes(bars: readonly Bar[]): Line {
  let before: number | null = null;
  return bars.map((bar) => {
    if (!isPriced(bar)) return null;
    const change = before === null ? null : Math.log(bar.close / before);
    before = bar.close;
    return change;
  });
}
