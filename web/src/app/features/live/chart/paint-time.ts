import { tint } from '../../../core/theme/palette';
import { sessionOpens } from '../../../core/market/sessions';
import { ChartScene } from './chart-scene';
import { gapsOf } from './gaps';
import { Ground, write } from './ground';

/** Sessions before the last are a shade darker, each opening a line; the future has the forecast's hue. */
export function paintSessions({ context, ratio, width, height, x }: Ground, scene: ChartScene): void {
  const { bars, palette, length, sessions } = scene;
  const now = x(bars.length - 0.5);
  context.fillStyle = tint(palette.fan, 5);
  context.fillRect(now, 0, Math.max(0, width - now), height);
  const opens = sessionOpens(bars, length, sessions);
  const last = opens.at(-1);
  if (last === undefined) return;
  context.fillStyle = tint(palette.ink, 4.5);
  context.fillRect(0, 0, Math.max(0, x(last - 0.5)), height);
  context.fillStyle = palette.lineStrong;
  for (const open of opens) context.fillRect(Math.round(x(open - 0.5)), 0, ratio, height);
}

/** Time in which the feed was silent: a hatch, so that it reads without colour. */
export function paintGaps({ context, ratio, height, x }: Ground, { bars, length, palette }: ChartScene): void {
  for (const gap of gapsOf(bars, length)) {
    const [left, right] = [x(gap.from - 0.5), x(gap.to + 0.5)];
    context.save();
    context.beginPath();
    context.rect(left, 0, right - left, height);
    context.clip();
    context.fillStyle = tint(palette.warn, 5);
    context.fillRect(left, 0, right - left, height);
    context.strokeStyle = tint(palette.warn, 32);
    context.lineWidth = ratio;
    for (let at = left - height; at < right; at += 7 * ratio) {
      context.beginPath();
      context.moveTo(at, height);
      context.lineTo(at + height, 0);
      context.stroke();
    }
    context.restore();
  }
}

/** The dotted line between what happened and what is said. */
export function paintNow({ context, ratio, height, x }: Ground, { bars, palette }: ChartScene): void {
  const at = Math.round(x(bars.length - 0.5)) + 0.5;
  context.strokeStyle = palette.fan;
  context.lineWidth = ratio;
  context.setLineDash([2 * ratio, 3 * ratio]);
  context.beginPath();
  context.moveTo(at, 0);
  context.lineTo(at, height);
  context.stroke();
  context.setLineDash([]);
}

/** Names of gaps and of the last opening, at the foot of the price pane. */
export function labelTime(ground: Ground, scene: ChartScene): void {
  const { context, ratio, height, x } = ground;
  const { palette, bars, startText, endText } = scene;
  const open = sessionOpens(bars, scene.length, scene.sessions).at(-1);
  const opened = open === undefined ? undefined : bars[open];
  if (opened) {
    write(
      ground,
      palette,
      `Opened ${startText(opened.start)}`,
      x(open! - 0.5) + 7 * ratio,
      height - 18 * ratio,
      palette.ink3,
    );
  }
  context.textAlign = 'center';
  for (const gap of gapsOf(bars, scene.length)) {
    const middle = x((gap.from + gap.to) / 2);
    const count = `${gap.count} ${gap.count === 1 ? 'bar' : 'bars'}`;
    const span = `${startText(gap.start)} to ${endText(gap.end)}`;
    const lines = scene.roomy ? ['Feed gap', span, `${count}, no price`] : [`Gap ${count}`];
    lines.forEach((text, n) =>
      write(ground, palette, text, middle, height - ((lines.length - n) * 16 + 10) * ratio, palette.warn),
    );
  }
  context.textAlign = 'left';
}
