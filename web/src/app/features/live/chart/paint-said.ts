import { familyToken, levelAt, priceAt } from '../../../core/market/forecast';
import { isPriced } from '../../../core/market/bar';
import { tint } from '../../../core/theme/palette';
import { FAN_SHARES, fanPrice } from '../fan';
import { ChartScene } from './chart-scene';
import { Ground, write } from './ground';

const FAN_STEPS = 24;
/** Pixels from the fan's end to the first bracket, and between brackets. */
const BRACKETS = { wide: [14, 11], narrow: [10, 9] } as const;

/** Behind each candle the 80 % that had been said for it. */
export function paintRecord({ context, ratio, width, step, x, y }: Ground, scene: ChartScene): void {
  const { bars, levels, palette, saidFor } = scene;
  const from = Math.max(0, Math.floor(-x(0) / step) - 1);
  for (let index = from; index < bars.length; index++) {
    const left = Math.round(x(index - 0.5));
    if (left > width) return;
    const said = saidFor(bars[index]!.start);
    if (!said || bars[index]!.quality === 'no_data') continue;
    const [high, low] = [y(priceAt(said.quantiles, levels, 0.9)), y(priceAt(said.quantiles, levels, 0.1))];
    const wide = Math.round(x(index + 0.5)) - left;
    context.fillStyle = tint(palette.fan, 9);
    context.fillRect(left, high, wide, low - high);
    context.fillStyle = tint(palette.fan, 38);
    context.fillRect(left, Math.round(high), wide, ratio);
    context.fillRect(left, Math.round(low), wide, ratio);
  }
}

/** The statement not yet due: 95, 80 and 50 % over each other, the median on top. */
export function paintFan({ context, ratio, x, y }: Ground, scene: ChartScene): void {
  const { fan, levels, palette, bars, fallback } = scene;
  const at = fan ? bars.findLastIndex((bar) => bar.start === fan.start) : -1;
  if (!fan || at < 0) return;
  const steps = Array.from({ length: FAN_STEPS + 1 }, (_, n) => (n / FAN_STEPS) ** 2 * fan.far.horizon);
  const line = (level: number): [number, number][] => steps.map((h) => [x(at + h), y(fanPrice(fan, levels, level, h))]);
  const trace = (points: readonly [number, number][]): void => points.forEach(([px, py]) => context.lineTo(px, py));
  for (const { low, high, fill, edge } of FAN_SHARES) {
    const [lower, upper] = [line(low), line(high)];
    context.fillStyle = tint(palette.fan, fill);
    context.beginPath();
    trace(upper);
    trace(lower.toReversed());
    context.fill();
    context.strokeStyle = tint(palette.fan, edge);
    context.lineWidth = ratio;
    context.setLineDash(fallback && edge ? [4 * ratio, 3 * ratio] : []);
    for (const points of [lower, upper]) {
      context.beginPath();
      trace(points);
      context.stroke();
    }
  }
  context.setLineDash([]);
  context.strokeStyle = palette.fan;
  context.lineWidth = 1.6 * ratio;
  context.beginPath();
  trace(line(0.5));
  context.stroke();
}

/** Beside the fan one 80 % bracket a family with its initial, so that families compare without drawing over. */
export function paintBrackets(ground: Ground, scene: ChartScene): void {
  const { context, ratio, x, y } = ground;
  const { fan, rivals, levels, palette, bars } = scene;
  const at = fan ? bars.findLastIndex((bar) => bar.start === fan.start) : -1;
  if (!fan || at < 0 || rivals.length < 2) return;
  const [first, each] = scene.roomy ? BRACKETS.wide : BRACKETS.narrow;
  const edge = (level: number) => rivals.map((rival) => y(priceAt(rival.quantiles, levels, level)));
  const [tops, feet, middles] = [edge(0.9), edge(0.1), edge(0.5)];
  // Below the words that name the fan.
  const names = Math.max(Math.min(...tops) - 18 * ratio, (scene.roomy ? 58 : 26) * ratio);
  context.textAlign = 'center';
  rivals.forEach((rival, n) => {
    const left = x(at + fan.far.horizon) + (first + n * each) * ratio;
    const colour = palette.family[familyToken(rival.family)];
    const chosen = rival.family === fan.far.family;
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = (chosen ? 2 : 1.2) * ratio;
    context.beginPath();
    context.moveTo(left, tops[n]!);
    context.lineTo(left, feet[n]!);
    for (const end of [tops[n]!, feet[n]!]) {
      context.moveTo(left - 3 * ratio, end);
      context.lineTo(left + 3 * ratio, end);
    }
    context.stroke();
    context.beginPath();
    context.arc(left, middles[n]!, 2 * ratio, 0, 7);
    context.fill();
    context.font = `${chosen ? 600 : 400} ${11 * ratio}px ${scene.fontFamily}`;
    write(ground, palette, rival.family.charAt(0).toUpperCase(), left, names, colour);
  });
  context.font = `${11 * ratio}px ${scene.fontFamily}`;
  context.textAlign = 'left';
}

/** A dot for where the truth fell within its own forecast, a triangle for a miss of the 80 %, larger beyond 95 %. */
export function paintTruth({ context, ratio, width, step, x, y }: Ground, scene: ChartScene): void {
  const { bars, levels, palette, saidFor } = scene;
  const end = x(bars.length - 0.5);
  context.fillStyle = tint(palette.fan, 9);
  context.fillRect(0, y(0.9), end, y(0.1) - y(0.9));
  context.fillStyle = tint(palette.fan, 45);
  for (const level of [0.1, 0.9]) context.fillRect(0, Math.round(y(level)), end, ratio);
  const from = Math.max(0, Math.floor(-x(0) / step) - 1);
  for (let index = from; index < bars.length; index++) {
    const [at, bar] = [x(index), bars[index]!];
    if (at > width) return;
    const said = isPriced(bar) && bar.state !== 'forming' ? saidFor(bar.start) : undefined;
    if (!said || !isPriced(bar)) continue;
    const level = levelAt(said.quantiles, levels, bar.close);
    const height = y(Math.max(0.03, Math.min(0.97, level)));
    const missed = level < 0.1 || level > 0.9;
    const up = level > 0.5 ? -1 : 1;
    const size = (level < 0.025 || level > 0.975 ? 4.4 : 3.4) * ratio;
    context.fillStyle = missed ? palette.fan : palette.ink2;
    context.beginPath();
    if (missed) {
      context.moveTo(at - size, height - up * size * 0.6);
      context.lineTo(at + size, height - up * size * 0.6);
      context.lineTo(at, height + up * size);
    } else context.arc(at, height, Math.min(1.7 * ratio, step / 2), 0, 7);
    context.fill();
  }
}

/** How the bars of the last session came out, in one line over the lane. */
export function labelTruth(ground: Ground, scene: ChartScene, from: number): void {
  const { bars, levels, palette, saidFor, roomy } = scene;
  let [inside, above, below] = [0, 0, 0];
  for (const bar of bars.slice(from)) {
    const said = isPriced(bar) && bar.state !== 'forming' ? saidFor(bar.start) : undefined;
    if (!said || !isPriced(bar)) continue;
    const level = levelAt(said.quantiles, levels, bar.close);
    if (level > 0.9) above += 1;
    else if (level < 0.1) below += 1;
    else inside += 1;
  }
  const due = inside + above + below;
  const [left, top] = [(roomy ? 14 : 10) * ground.ratio, 4 * ground.ratio];
  const since = from ? 'today' : `last ${due}`;
  const counts = `${inside} of ${due}`;
  const long = `Where the truth fell, ${since}: ${counts} inside 80 %, ${above} above, ${below} below`;
  const text =
    due === 0 ? 'Where the truth fell: no forecast has come due yet' : roomy ? long : `Truth inside 80 %: ${counts}`;
  write(ground, palette, text, left, top, palette.ink3);
}
