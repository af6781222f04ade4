const GROUPED = new Intl.NumberFormat('en-GB');

/** A true minus sign in front, as the design asks. */
function withMinus(text: string): string {
  return text.replace('-', '−');
}

/** Decimals that make a price of this size readable: 42.50, 7.1234, 0.71234. */
export function priceDigits(price: number): number {
  const size = Math.abs(price);
  if (size >= 10) return 2;
  return size >= 1 ? 4 : 5;
}

export function priceText(price: number | null | undefined, digits = priceDigits(price ?? 0)): string {
  return price === null || price === undefined || !Number.isFinite(price) ? '–' : withMinus(price.toFixed(digits));
}

export function signedText(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return Number(text) > 0 ? `+${text}` : withMinus(Number(text) === 0 ? text.replace('-', '') : text);
}

/** Change from `from` to `to`: "+0.47 %", "+312 %". */
export function percentText(to: number, from: number): string {
  const change = (to / from - 1) * 100;
  return `${signedText(change, Math.abs(change) >= 100 ? 0 : 2)} %`;
}

/** Distance from `from` to `to` in basis points: "−7.6 bp". */
export function basisPointsText(to: number, from: number): string {
  return `${signedText((to / from - 1) * 10_000, 1)} bp`;
}

export function countText(count: number): string {
  return GROUPED.format(count);
}

/** 39.7 k, 1.20 M: three or four figures and a unit. */
export function volumeText(volume: number | null): string {
  if (volume === null) return '–';
  if (volume >= 1e9) return `${(volume / 1e9).toFixed(2)} G`;
  if (volume >= 1e6) return `${(volume / 1e6).toFixed(2)} M`;
  if (volume >= 1e4) return `${(volume / 1e3).toFixed(1)} k`;
  return volume >= 100 || Number.isInteger(volume) ? volume.toFixed(0) : volume.toFixed(2);
}

/** A probability level as percent: "97.5 %", "50 %". */
export function levelText(level: number): string {
  return `${Number((level * 100).toFixed(1))} %`;
}
