/** Builds calendars for tests, and reads when they are busy. */
import { type BusyTimesQuery, readBusyTimes } from '../../providers/icalendar/busy-times.ts';
import type { CalendarFault } from '../../providers/icalendar/faults.ts';
import { ianaZone } from '../../providers/icalendar/zones/iana-zone.ts';

/** Returns the text of a calendar with these lines. */
export const calendar = (...lines: readonly string[]): string =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Test//EN', ...lines, 'END:VCALENDAR', ''].join('\r\n');

/** Returns the lines of an event. */
export const event = (...lines: readonly string[]): readonly string[] => [
  'BEGIN:VEVENT',
  ...(lines.some((line) => line.startsWith('UID')) ? [] : ['UID:event-1']),
  ...lines,
  'END:VEVENT',
];

interface Query {
  readonly from: string;
  readonly until: string;
  readonly zone: string;
  readonly address: string;
}

const usual: Query = {
  from: '2026-12-01',
  until: '2026-12-31',
  zone: 'Europe/Paris',
  address: 'ann@example.com',
};

const queryOf = ({ from, until, zone, address }: Query): BusyTimesQuery => ({
  window: { start: Date.parse(`${from}T00:00Z`), end: Date.parse(`${until}T00:00Z`) },
  owner: ianaZone(zone),
  addresses: new Set([address]),
});

/** Returns the busy times, sorted, as `2026-12-01T09:00 2026-12-01T10:00`, and the faults. */
export const read = (text: string, query: Partial<Query> = {}) => {
  const faults: CalendarFault[] = [];
  const busy = readBusyTimes(text, queryOf({ ...usual, ...query }), (fault) => faults.push(fault));
  const times = busy.map(({ start, end }) => `${start.slice(0, 16)} ${end.slice(0, 16)}`).sort();
  return { times, faults, codes: faults.map(({ code }) => code) };
};

/** Returns whether each busy time is busy or tentative. */
export const kindsIn = (text: string): readonly string[] =>
  readBusyTimes(text, queryOf(usual), () => {}).map(({ busy }) => busy);

/** Returns the line of a property with a time in Paris. */
export const zoned = (name: string, ...values: readonly string[]): string =>
  `${name};TZID=Europe/Paris:${values.join()}`;
/** Returns the starts of busy times. */
export const startsOf = (times: readonly string[]) => times.map((time) => time.slice(0, 16));
