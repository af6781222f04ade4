import {
  ageText,
  barPrecision,
  dateText,
  dayText,
  endText,
  isMidnight,
  spanText,
  startText,
  timeText,
} from './time-text';

const MOMENT = Date.UTC(2019, 1, 13, 10, 42, 7, 450);

describe('time text', () => {
  it('writes what the reader needs and no more', () => {
    expect(timeText(MOMENT, 'UTC')).toBe('10:42');
    expect(timeText(MOMENT, 'UTC', 'second')).toBe('10:42:07');
    expect(timeText(MOMENT, 'UTC', 'tenth')).toBe('10:42:07.4');
    expect(dayText(MOMENT, 'UTC')).toBe('Wed 13 Feb');
    expect(dateText(MOMENT, 'UTC')).toBe('13 Feb 2019');
  });

  it('writes local time by the zone of the device', () => {
    const local = new Date(MOMENT);
    const wanted = [local.getHours(), local.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':');
    expect(timeText(MOMENT, 'Local')).toBe(wanted);
  });

  it('writes the wall time of an exchange, its clock changes included', () => {
    const text = (month: number) => timeText(Date.UTC(2019, month, 13, 15, 30), 'America/New_York');
    expect([text(1), text(6)]).toEqual(['10:30', '11:30']);
    expect(dayText(Date.UTC(2019, 1, 13, 2), 'America/New_York')).toBe('Tue 12 Feb');
    expect(timeText(Date.UTC(2019, 1, 13, 10), 'Asia/Kolkata')).toBe('15:30');
  });

  it('writes when a bar began and was over, for bars of days their days in no zone', () => {
    const [start, end] = [Date.UTC(2019, 1, 13), Date.UTC(2019, 1, 14)];
    expect([startText(start, 'America/New_York', '1m'), endText(end, 'UTC', '1s')]).toEqual(['19:00', '00:00:00']);
    for (const zone of ['America/New_York', 'Asia/Kolkata'] as const)
      expect([startText(start, zone, '1d'), endText(end, zone, '1d')]).toEqual(['13 Feb 2019', '13 Feb 2019']);
  });

  it('finds midnight', () => {
    expect(isMidnight(Date.UTC(2019, 1, 13), 'UTC')).toBe(true);
    expect(isMidnight(MOMENT, 'UTC')).toBe(false);
  });

  it('says ages in words', () => {
    expect([0, 42_000, 125_000, 3 * 3_600_000, 12 * 86_400_000, 2_918 * 86_400_000].map(ageText)).toEqual([
      '0 s',
      '42 s',
      '2 min',
      '3 h',
      '12 d',
      '7 y',
    ]);
  });

  it('says how long some bars last', () => {
    expect([spanText('1m', 5), spanText('15m', 5), spanText('1d', 1)]).toEqual(['5 min', '75 min', '1 d']);
  });

  it('knows the length of a bar', () => {
    expect(['1s', '1m'].map(barPrecision)).toEqual(['second', 'minute']);
  });
});
