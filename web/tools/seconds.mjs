// What the log of a hub says of the seconds after `end`: bars, forecasts of four families, and how those came out.
import { seeded } from './walk.mjs';

const SECOND = 1_000;
const FAMILIES = ['blend', 'transformer', 'lstm', 'arima'];
const HORIZONS = [1, 5];
const SCALE = 1e-4;

/** In each second: a bar, and a forecast and a score by each family for each horizon. */
export const EVENTS = 1 + 2 * FAMILIES.length * HORIZONS.length;

/** Returns `next(count)`: the numbered log events of so many more seconds of `symbol`, from `end` (ms) and `seq` on. */
export function secondsOf(symbol, end, seq, levels) {
  const random = seeded(11);
  let [start, price] = [end, 100];
  const one = function* () {
    const [open, made] = [price, start + SECOND];
    price *= Math.exp(SCALE * (random() - 0.5));
    const [high, low] = [Math.max(open, price), Math.min(open, price)];
    yield ['bar', symbol, '1s', start, open, high, low, price, 100, price, 3, 'final', 0, 'ok', ...told(made)];
    for (const horizon of HORIZONS) {
      for (const family of FAMILIES) {
        const [due, quantiles] = [made + horizon * SECOND, levels.map((level) => price * (1 + SCALE * (level - 0.5)))];
        const about = [symbol, '1s', start, made, horizon, due];
        yield ['forecast', ...about, price, 0, SCALE ** 2, quantiles, family, '1', 'walk', family !== 'blend'];
        const marks = [SCALE, SCALE, SCALE, 0.5, 1, 1, SCALE];
        const scored = [family, '1', price, price, 0, ...marks, due, family !== 'blend', 'walk'];
        yield ['score', symbol, '1s', start, made, horizon, due, ...scored];
      }
    }
    start += SECOND;
  };
  return (count) =>
    Array.from({ length: count }, () => [...one()]).flatMap((events) => events.map((event) => [++seq, ...event]));
}

/** The source and what it did not tell: quotes and their sizes; then since when the bar is known. */
function told(known) {
  return ['walk', null, null, null, null, null, known];
}
