// Seeded random walks as bars, forecasts of several families, and how those came out; times in ms, all made up.
const LEVELS = [0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.975];
const Z = [-1.96, -1.645, -1.282, -0.842, -0.524, -0.253, 0, 0.253, 0.524, 0.842, 1.282, 1.645, 1.96];
const FAMILIES = [
  { family: 'blend', version: '31', width: 1, shadow: false },
  { family: 'transformer', version: '7', width: 0.97, shadow: true },
  { family: 'lstm', version: '12', width: 0.94, shadow: true },
  { family: 'arima', version: '3', width: 1.06, shadow: true },
];
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Deterministic numbers in [0, 1): mulberry32. */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export { LEVELS };

/** One-minute bars up to `end` over two sessions with a night between them and a feed gap in the second. */
export function walk(symbol, seed, end, price, scale = 3e-4) {
  const random = seeded(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const starts = [];
  for (let at = end - 72 * MINUTE - 17.5 * HOUR - 180 * MINUTE; at < end; at += MINUTE) {
    const night = at >= end - 72 * MINUTE - 17.5 * HOUR && at < end - 72 * MINUTE;
    if (!night) starts.push(at);
  }
  const bars = starts.map((start) => {
    const [minutes, open] = [(end - start) / MINUTE, price];
    if (minutes <= 38 && minutes > 32) return empty(start);
    const path = Array.from({ length: 6 }, () => (price *= Math.exp((scale / 2.45) * normal())));
    const [high, low] = [Math.max(open, ...path), Math.min(open, ...path)];
    const volume = Math.round(20_000 + 30_000 * random() + (minutes === 72 ? 400_000 : 0));
    const vwap = (open + high + low + price) / 4;
    return {
      start,
      open,
      high,
      low,
      close: price,
      volume,
      vwap,
      trades: 200,
      state: 'final',
      revision: 0,
      quality: 'ok',
    };
  });
  const { forecasts, scores } = said(symbol, bars, scale);
  return { symbol, bars, forecasts, scores };
}

function empty(start) {
  const nothing = { open: null, high: null, low: null, close: null, volume: null, vwap: null };
  return { start, ...nothing, trades: 0, state: 'final', revision: 0, quality: 'no_data' };
}

function said(symbol, bars, scale) {
  const [forecasts, scores] = [[], []];
  bars.forEach((bar, at) => {
    if (bar.close === null || at < 20) return;
    for (const horizon of [1, 5]) {
      const about = bars[at + horizon];
      const due = (about?.start ?? bar.start + horizon * MINUTE) + MINUTE;
      for (const { family, version, width, shadow } of FAMILIES) {
        const sigma = scale * Math.sqrt(horizon) * width;
        const row = {
          start: bar.start,
          made: bar.start + MINUTE,
          horizon,
          due,
          price: bar.close,
          family,
          version,
          shadow,
        };
        forecasts.push({ ...row, quantiles: Z.map((z) => bar.close * Math.exp(z * sigma)), source: 'walk' });
        if (about)
          scores.push(score({ symbol, interval: '1m', ...row }, about.close, sigma, scale * Math.sqrt(horizon)));
      }
    }
  });
  return { forecasts, scores };
}

function score(row, truth, sigma, honest) {
  if (truth === null) return { ...row, truth, crps: null, crps_naive: null, inside_80: null, inside_95: null };
  const ret = Math.log(truth / row.price);
  const z = Math.abs(ret) / sigma;
  const [crps, naive] = [loss(ret, sigma), loss(ret, 1.25 * honest)];
  return {
    ...row,
    truth,
    ret,
    crps,
    crps_naive: naive,
    crps_ewma: naive,
    inside_80: z < 1.282 ? 1 : 0,
    inside_95: z < 1.96 ? 1 : 0,
  };
}

/** CRPS of a normal forecast around 0 (Gneiting & Raftery 2007). */
function loss(ret, sigma) {
  const z = ret / sigma;
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const below = z > 0 ? 1 - density * poly : density * poly;
  return sigma * (z * (2 * below - 1) + 2 * density - 1 / Math.sqrt(Math.PI));
}
