import { intervalMs, isDaily } from '../../core/market/interval';
import { ZoneName } from '../../core/zone/zone';

export type TimePrecision = 'minute' | 'second' | 'tenth';

const DAY_PARTS = { weekday: 'short', day: 'numeric', month: 'short' } as const;
const DATE_PARTS = { day: 'numeric', month: 'short', year: 'numeric' } as const;
const CLOCK_PARTS = {
  ...({ year: 'numeric', month: 'numeric', day: 'numeric' } as const),
  ...({ hour: 'numeric', minute: 'numeric', hourCycle: 'h23' } as const),
} as const;
const QUARTER_MS = 900_000;
const OFFSETS_KEPT = 5_000;
const formats = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, number>();

function format(locale: string, zone: ZoneName, parts: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${Object.keys(parts).join()}`;
  let known = formats.get(key);
  if (!known) {
    known = new Intl.DateTimeFormat(locale, zone === 'Local' ? parts : { ...parts, timeZone: zone });
    formats.set(key, known);
  }
  return known;
}

/** How far the zone's wall is ahead of UTC; zones change on quarters of an hour, so one answer holds for a quarter. */
function offsetMs(ms: number, zone: ZoneName): number {
  if (zone === 'UTC') return 0;
  if (zone === 'Local') return -new Date(ms).getTimezoneOffset() * 60_000;
  const quarter = Math.floor(ms / QUARTER_MS);
  const key = `${zone} ${quarter}`;
  let offset = offsets.get(key);
  if (offset === undefined) {
    const part = Object.fromEntries(
      format('en-GB', zone, CLOCK_PARTS)
        .formatToParts(quarter * QUARTER_MS)
        .map(({ type, value }) => [type, Number(value)]),
    ) as Record<'year' | 'month' | 'day' | 'hour' | 'minute', number>;
    const wall = Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute);
    offset = wall - quarter * QUARTER_MS;
    if (offsets.size >= OFFSETS_KEPT) offsets.clear();
    offsets.set(key, offset);
  }
  return offset;
}

/** Moves `ms` so that its UTC fields read as the zone's wall time. */
function wall(ms: number, zone: ZoneName): Date {
  return new Date(ms + offsetMs(ms, zone));
}

/** 10:42, 10:42:07 or 10:42:07.4 in `zone`. */
export function timeText(ms: number, zone: ZoneName, precision: TimePrecision = 'minute'): string {
  const end = { minute: 16, second: 19, tenth: 21 }[precision];
  return wall(ms, zone).toISOString().slice(11, end);
}

/** 13 Feb 2019 */
export function dateText(ms: number, zone: ZoneName): string {
  return format('en-GB', zone, DATE_PARTS).format(ms);
}

/** Wed 13 Feb */
export function dayText(ms: number, zone: ZoneName): string {
  return format('en-GB', zone, DAY_PARTS).format(ms).replace(',', '');
}

export function isMidnight(ms: number, zone: ZoneName): boolean {
  const at = wall(ms, zone);
  return at.getUTCHours() === 0 && at.getUTCMinutes() === 0 && at.getUTCSeconds() === 0;
}

const YEAR_S = 365.25 * 86_400;

/** 42 s, 2 min, 3 h, 12 d, 8 y */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return seconds < YEAR_S ? `${Math.floor(seconds / 86_400)} d` : `${Math.floor(seconds / YEAR_S)} y`;
}

/** How finely the times of bars of this length have to be written. */
export function barPrecision(interval: string): TimePrecision {
  return intervalMs(interval) < 60_000 ? 'second' : 'minute';
}

/** When a bar of `interval` began: 10:42, 10:42:07, or for bars of days 13 Feb 2019. */
export function startText(ms: number, zone: ZoneName, interval: string): string {
  return isDaily(interval) ? dateText(ms, 'UTC') : timeText(ms, zone, barPrecision(interval));
}

/** When a bar of `interval` was over, so when a forecast was made or comes due; for bars of days the last of its days. */
export function endText(ms: number, zone: ZoneName, interval: string): string {
  return isDaily(interval) ? dateText(ms - 1, 'UTC') : timeText(ms, zone, barPrecision(interval));
}

/** How long `bars` of `interval` last: 5 min for five of 1m, 25 min for five of 5m, 5 d for five of 1d. */
export function spanText(interval: string, bars: number): string {
  const unit = interval.slice(-1);
  return `${Number.parseInt(interval, 10) * bars} ${unit === 'm' ? 'min' : unit}`;
}
