/** Yahoo's suffixes and the time zones of their exchanges, as `causal_alpha.calendar` gives them calendars. */
const SUFFIXES: Readonly<Record<string, string>> = {
  ...{ L: 'Europe/London', DE: 'Europe/Berlin', PA: 'Europe/Paris', AS: 'Europe/Amsterdam', BR: 'Europe/Brussels' },
  ...{ MI: 'Europe/Rome', SW: 'Europe/Zurich', ST: 'Europe/Stockholm', T: 'Asia/Tokyo', HK: 'Asia/Hong_Kong' },
  ...{ SS: 'Asia/Shanghai', KS: 'Asia/Seoul', TW: 'Asia/Taipei', NS: 'Asia/Kolkata', AX: 'Australia/Sydney' },
  ...{ TO: 'America/Toronto' },
};
const NEW_YORK = 'America/New_York';

/** The time zone in which `symbol` trades: UTC where trade never stops, else its exchange's, by how it is written. */
export function exchangeZone(symbol: string): string {
  if (/:|-(USD[TC]?|EUR|PERP)$|.USDT$/.test(symbol) || symbol === '') return 'UTC';
  if (symbol.endsWith('=F')) return 'America/Chicago';
  const suffix = symbol.includes('.') ? symbol.slice(symbol.lastIndexOf('.') + 1) : '';
  return SUFFIXES[suffix] ?? NEW_YORK;
}

/** New York for America/New_York. */
export function zoneLabel(zone: string): string {
  return zone.slice(zone.lastIndexOf('/') + 1).replaceAll('_', ' ');
}
