import { describe, expect, it } from 'vitest';
import { mergeBusy } from '../../domain/audition/free-slots.ts';
import { day } from '../../domain/time/units.ts';
import { calendarOf } from '../../tests/harness/large-calendar.ts';
import { readBusyTimes } from './busy-times.ts';
import type { CalendarFault } from './faults.ts';
import { toInstantWithin } from './instant-range.ts';
import { mergeSpans, prepareCalendar } from './prepared-calendar.ts';
import { zoneOfTzid } from './zones/iana-zone.ts';
import { utc } from './zones/zone.ts';

const query = { owner: zoneOfTzid('Europe/Paris') ?? utc, addresses: new Set<string>() };

const prepare = (text: string) => {
  const steps = prepareCalendar(text, query);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
};

const text = (...events: readonly string[]) =>
  ['BEGIN:VCALENDAR', ...events.map((event) => `BEGIN:VEVENT\n${event}\nEND:VEVENT`), 'END:VCALENDAR'].join(
    '\n',
  );

describe('a prepared calendar', () => {
  it.each(['2027-02-01T00:00:00Z', '2027-03-20T00:00:00Z', '2027-10-15T12:00:00Z', '2030-01-01T00:00:00Z'])(
    'has the same busy time as the calendar itself, from %s on',
    (begins) => {
      const calendar = calendarOf(300, Date.parse('2027-03-01T00:00:00Z'), 11);
      const window = { start: Date.parse(begins), end: Date.parse(begins) + 31 * day };
      const merged = mergeSpans([...prepare(calendar).eachBusy(window)]);
      const expected = mergeBusy(readBusyTimes(calendar, { ...query, window }, () => {}));
      expect(
        merged.map(({ start, end }) => ({ start: toInstantWithin(start), end: toInstantWithin(end) })),
      ).toEqual(expected.map(({ start, end }) => ({ start, end })));
    },
  );

  it('has the same faults', () => {
    const damaged = text(
      'UID:a\nDTSTART:soon',
      'UID:b\nDTSTART;TZID=Mars/Base:20270301T090000\nDTEND;TZID=Mars/Base:20270301T100000',
      'UID:c\nDTSTART:20270301T090000Z\nDTEND:20270301T080000Z',
    );
    const faults: CalendarFault[] = [];
    const window = { start: Date.parse('2027-03-01T00:00:00Z'), end: Date.parse('2027-03-02T00:00:00Z') };
    readBusyTimes(damaged, { ...query, window }, (fault) => faults.push(fault));
    expect(prepare(damaged).faults).toEqual(faults);
  });
});

describe('merged spans', () => {
  it.each([
    ['nothing', [], []],
    [
      'times that overlap',
      [
        [1, 5],
        [3, 8],
      ],
      [[1, 8]],
    ],
    [
      'a time inside another one',
      [
        [1, 9],
        [3, 4],
      ],
      [[1, 9]],
    ],
    [
      'times that touch',
      [
        [1, 3],
        [3, 4],
      ],
      [[1, 4]],
    ],
    [
      'times apart, unsorted',
      [
        [7, 9],
        [1, 3],
      ],
      [
        [1, 3],
        [7, 9],
      ],
    ],
    [
      'the same time twice',
      [
        [1, 3],
        [1, 3],
        [5, 6],
      ],
      [
        [1, 3],
        [5, 6],
      ],
    ],
  ])('are right for %s', (_what, spans, expected) => {
    const parts = spans.map(([start = 0, end = 0]) => ({ starts: [start], ends: [end] }));
    expect(mergeSpans(parts).map(({ start, end }) => [start, end])).toEqual(expected);
  });
});
