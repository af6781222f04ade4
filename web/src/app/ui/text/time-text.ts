import { ZoneName } from '../../core/zone/zone';

export type TimePrecision = 'minute' | 'second' | 'tenth';

const DAY_PARTS = { weekday: 'short', day: 'numeric', month: 'short' } as const;
const formats = new Map<ZoneName, Intl.DateTimeFormat>();

function dayFormat(zone: ZoneName): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', zone === 'UTC' ? { ...DAY_PARTS, timeZone: 'UTC' } : DAY_PARTS);
    formats.set(zone, format);
  }
  return format;
}

/** Moves `ms` so that its UTC fields read as the zone's wall time. */
function wall(ms: number, zone: ZoneName): Date {
  return new Date(zone === 'UTC' ? ms : ms - new Date(ms).getTimezoneOffset() * 60_000);
}

/** 10:42, 10:42:07 or 10:42:07.4 in `zone`. */
export function timeText(ms: number, zone: ZoneName, precision: TimePrecision = 'minute'): string {
  const end = { minute: 16, second: 19, tenth: 21 }[precision];
  return wall(ms, zone).toISOString().slice(11, end);
}

/** 13 Feb 2019 */
export function dateText(ms: number, zone: ZoneName): string {
  const parts = { day: 'numeric', month: 'short', year: 'numeric' } as const;
  return new Intl.DateTimeFormat('en-GB', zone === 'UTC' ? { ...parts, timeZone: 'UTC' } : parts).format(ms);
}

/** Wed 13 Feb */
export function dayText(ms: number, zone: ZoneName): string {
  return dayFormat(zone).format(ms).replace(',', '');
}

export function isMidnight(ms: number, zone: ZoneName): boolean {
  const at = wall(ms, zone);
  return at.getUTCHours() === 0 && at.getUTCMinutes() === 0 && at.getUTCSeconds() === 0;
}

/** 42 s, 2 min, 3 h, 12 d */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of an interval such as 1s, 5m, 1d. */
export function intervalMs(interval: string): number {
  return Number.parseInt(interval, 10) * (UNITS[interval.slice(-1)] ?? NaN);
}

/** How finely the times of bars of this length have to be written. */
export function barPrecision(interval: string): TimePrecision {
  return intervalMs(interval) < 60_000 ? 'second' : 'minute';
}
