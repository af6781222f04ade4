const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const BY_TIME = /^[1-9]\d*[smhd]$/;

/** Milliseconds of an interval such as 1s, 5m, 1d. */
export function intervalMs(interval: string): number {
  return Number.parseInt(interval, 10) * (UNITS[interval.slice(-1)] ?? NaN);
}

/** Whether its bars are days or longer: their times are UTC's days, which no zone may move. */
export function isDaily(interval: string): boolean {
  return intervalMs(interval) >= UNITS['d']!;
}

/** Those of `intervals` that are spans of time, each once, the finest first. */
export function byLength(intervals: Iterable<string>): readonly string[] {
  const spans = [...new Set(intervals)].filter((interval) => BY_TIME.test(interval));
  return spans.sort((a, b) => intervalMs(a) - intervalMs(b));
}
