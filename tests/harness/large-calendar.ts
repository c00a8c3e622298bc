/** Writes large calendars, a third of whose events are series. */
import { day, hour, minute } from '../../domain/time/units.ts';
import { seededRandom } from './depth.ts';

/** Local times of 2027, as `DTSTART` writes them. */
const digitsOf = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '');

/** What people repeat: most series end, some do not. */
const rules = [
  'FREQ=WEEKLY',
  'FREQ=WEEKLY;BYDAY=MO,WE',
  'FREQ=DAILY;COUNT=10',
  'FREQ=WEEKLY;INTERVAL=2;COUNT=20',
  'FREQ=MONTHLY;BYDAY=2TU',
  'FREQ=MONTHLY',
  'FREQ=DAILY;UNTIL=20270615T000000Z',
  'FREQ=WEEKLY;COUNT=12',
  'FREQ=YEARLY',
];

/**
 * Returns a calendar with so many events of 15 minutes to an hour, between a year before and a year after `around`. The
 * same seed yields the same calendar.
 */
export const calendarOf = (events: number, around: number, seed: number): string => {
  const random = seededRandom(seed);
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//CastMatch//Test//EN',
    'X-WR-TIMEZONE:Europe/Paris',
  ];
  for (let index = 0; index < events; index += 1) {
    const start = around + Math.floor((random() - 0.5) * 730) * day + (7 + Math.floor(random() * 13)) * hour;
    const end = start + (1 + Math.floor(random() * 4)) * 15 * minute;
    lines.push(
      'BEGIN:VEVENT',
      `UID:event-${seed}-${index}`,
      `DTSTART;TZID=Europe/Paris:${digitsOf(start)}`,
      `DTEND;TZID=Europe/Paris:${digitsOf(end)}`,
      'SUMMARY:Rehearsal',
    );
    if (index % 3 === 0) {
      lines.push(`RRULE:${rules[(index / 3) % rules.length]}`);
      if (index % 30 === 0) lines.push(`EXDATE;TZID=Europe/Paris:${digitsOf(start + 7 * day)}`);
    }
    lines.push('END:VEVENT');
  }
  return [...lines, 'END:VCALENDAR'].join('\r\n');
};
