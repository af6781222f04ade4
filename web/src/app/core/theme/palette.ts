/** The colours that a canvas needs, as hex, read from the tokens on <html>. */
export interface Palette {
  readonly bg: string;
  readonly line: string;
  readonly lineStrong: string;
  readonly control: string;
  readonly hover: string;
  readonly ink: string;
  readonly ink2: string;
  readonly ink3: string;
  readonly up: string;
  readonly down: string;
  readonly warn: string;
  readonly fan: string;
  readonly family: Readonly<Record<'blend' | 'transformer' | 'lstm' | 'arima' | 'floor', string>>;
}

export function readPalette(root: HTMLElement): Palette {
  const style = getComputedStyle(root);
  const read = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    bg: read('bg'),
    line: read('line'),
    lineStrong: read('line-strong'),
    control: read('control'),
    hover: read('hover'),
    ink: read('ink'),
    ink2: read('ink-2'),
    ink3: read('ink-3'),
    up: read('up'),
    down: read('down'),
    warn: read('warn'),
    fan: read('fan'),
    family: {
      ...{ blend: read('blend'), transformer: read('transformer'), lstm: read('lstm') },
      ...{ arima: read('arima'), floor: read('floor') },
    },
  };
}

/** `hex` at `percent` opacity: tint('#b29cf3', 50) is '#b29cf380'. */
export function tint(hex: string, percent: number): string {
  const alpha = Math.round((percent / 100) * 255);
  return hex + alpha.toString(16).padStart(2, '0');
}
