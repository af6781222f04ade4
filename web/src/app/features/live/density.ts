/** Density at each quantile, the highest being 100; 0 where quantiles coincide at both sides. */
export function densities(quantiles: readonly number[], levels: readonly number[]): number[] {
  const z = levels.map(normalQuantile);
  const raw = quantiles.map((_, at) => {
    const [below, above] = [Math.max(0, at - 1), Math.min(quantiles.length - 1, at + 1)];
    const spread = quantiles[above]! - quantiles[below]!;
    const steps = z[above]! - z[below]!;
    // Seen as a stretched normal: exact for a normal one also at the ends, where a plain difference is too coarse.
    return spread > 0 ? (Math.exp(-(z[at]! ** 2) / 2) * steps) / spread : 0;
  });
  const highest = Math.max(...raw);
  return raw.map((density) => (highest > 0 ? (density / highest) * 100 : 0));
}

/** Inverse of the normal distribution, by bisection of its own approximation; good to 1e-6. */
export function normalQuantile(level: number): number {
  let [low, high] = [-8, 8];
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < level) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Share of a normal distribution below `z` (Abramowitz and Stegun 26.2.17, error below 7.5e-8). */
function normalShare(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail =
    (Math.exp(-z * z * 0.5) / Math.sqrt(2 * Math.PI)) *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return z > 0 ? 1 - tail : tail;
}
