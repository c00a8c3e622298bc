import { describe, expect, it } from 'vitest';
import { calendar, event, zoned } from '../../tests/harness/calendar-text.ts';
import type { CalendarFault } from './faults.ts';
import { readOccurrences } from './occurrences.ts';
import { ianaZone } from './zones/iana-zone.ts';

const read = (...lines: readonly string[]) => {
  const faults: CalendarFault[] = [];
  const found = readOccurrences(
    calendar(...lines),
    {
      window: { start: Date.parse('2026-12-01T00:00Z'), end: Date.parse('2026-12-31T00:00Z') },
      owner: ianaZone('Europe/Paris'),
      addresses: new Set(['ann@example.com']),
    },
    (fault) => faults.push(fault),
  );
  return { found, codes: faults.map(({ code }) => code) };
};
const busyOf = (...lines: readonly string[]) =>
  read(...event('DTSTART:20261210T090000Z', 'DURATION:PT1H', ...lines)).found.map(({ busy }) => busy);

describe('an event that occurs once', () => {
  it.each(['20200110T090000Z', '20261210T090000Z', '20400110T090000Z'])(
    'is listed whenever it is, such as at %s',
    (start) => {
      expect(read(...event(`DTSTART:${start}`, 'DURATION:PT1H')).found).toMatchObject([
        { uid: 'event-1', at: undefined, zone: 'UTC', isAllDay: false, busy: 'busy' },
      ]);
    },
  );

  it('is listed with how it blocks its time', () => {
    expect(busyOf('STATUS:TENTATIVE')).toEqual(['tentative']);
    expect(busyOf('X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE')).toEqual(['tentative']);
    expect(busyOf('ATTENDEE;PARTSTAT=TENTATIVE:mailto:Ann@example.com')).toEqual(['tentative']);
    expect(busyOf('ATTENDEE;PARTSTAT=TENTATIVE:mailto:carl@example.com')).toEqual(['busy']);
    expect(busyOf('ATTENDEE;PARTSTAT=DECLINED:mailto:ann@example.com')).toEqual(['free']);
    expect(busyOf('TRANSP:TRANSPARENT', 'STATUS:TENTATIVE')).toEqual(['free']);
  });

  it('is not listed when it is cancelled', () => {
    expect(busyOf('STATUS:CANCELLED')).toEqual([]);
  });

  it('is listed without a length when it has none, or a negative one', () => {
    const start = '2026-12-10T09:00:00.000Z';
    const expected = [{ start, end: start }];
    expect(read(...event('DTSTART:20261210T090000Z')).found).toMatchObject(expected);
    const reversed = read(...event('DTSTART:20261210T090000Z', 'DTEND:20261210T080000Z'));
    expect(reversed.found).toMatchObject(expected);
    expect(reversed.codes).toEqual(['ends_before_start']);
  });

  it('lasts all day in the zone of the owner', () => {
    expect(read(...event('DTSTART;VALUE=DATE:20261210')).found).toMatchObject([
      { start: '2026-12-09T23:00:00.000Z', end: '2026-12-10T23:00:00.000Z', isAllDay: true },
    ]);
  });

  it('names the IANA zone of a Windows name', () => {
    const windows = event('DTSTART;TZID=W. Europe Standard Time:20261210T090000', 'DURATION:PT1H');
    expect(read(...windows).found).toMatchObject([{ zone: 'Europe/Berlin' }]);
  });
});

const weekly = (...lines: readonly string[]) =>
  event(zoned('DTSTART', '20261207T100000'), 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY', ...lines);
const local = (at: number | undefined) =>
  at === undefined ? 'first' : new Date(at).toISOString().slice(0, 16);
const idsOf = (...lines: readonly string[]) =>
  read(...lines)
    .found.map(({ at, start }) => `${local(at)} ${start.slice(0, 16)}`)
    .sort();

describe('a series', () => {
  it('keeps the identity of an occurrence that is moved', () => {
    const moved = event(
      zoned('RECURRENCE-ID', '20261214T100000'),
      zoned('DTSTART', '20261216T120000'),
      'DURATION:PT1H',
    );
    expect(idsOf(...weekly('UID:event-1'), ...moved)).toEqual([
      '2026-12-14T10:00 2026-12-16T11:00',
      '2026-12-21T10:00 2026-12-21T09:00',
      '2026-12-28T10:00 2026-12-28T09:00',
      'first 2026-12-07T09:00',
    ]);
  });

  it('loses an occurrence that is cancelled', () => {
    const cancelled = event(
      zoned('RECURRENCE-ID', '20261214T100000'),
      zoned('DTSTART', '20261214T100000'),
      'STATUS:CANCELLED',
    );
    expect(idsOf(...weekly(), ...cancelled)).toHaveLength(3);
  });

  it('does not take place when it is cancelled as a whole', () => {
    expect(read(...weekly('STATUS:CANCELLED')).found).toEqual([]);
  });

  it('with a replaced first occurrence keeps its identity', () => {
    const moved = event(
      zoned('RECURRENCE-ID', '20261207T100000'),
      zoned('DTSTART', '20261208T100000'),
      'DURATION:PT1H',
    );
    expect(idsOf(...weekly(), ...moved)).toContain('first 2026-12-08T09:00');
  });

  it('that has too many occurrences is one that lasts until the end of the window', () => {
    const { found, codes } = read(
      ...event('DTSTART:20261101T000000Z', 'DURATION:PT1S', 'RRULE:FREQ=SECONDLY'),
    );
    expect(found).toMatchObject([{ start: '2026-12-01T00:00:00.000Z', end: '2026-12-31T00:00:00.000Z' }]);
    expect(codes).toEqual(['too_many_occurrences']);
  });
});

describe('two periods of RDATE on one day of a series of days', () => {
  it('are two occurrences', () => {
    const { found } = read(
      ...event(
        'DTSTART;VALUE=DATE:20261201',
        'RRULE:FREQ=DAILY;COUNT=1',
        'RDATE;VALUE=PERIOD:20261210T080000Z/PT30M,20261210T180000Z/PT1H',
      ),
    );
    expect(new Set(found.map(({ at }) => at)).size).toBe(3);
  });
});

describe('a period of RDATE that is listed twice', () => {
  it.each([
    '20261210T080000Z/PT30M,20261210T080000Z/PT30M',
    '20261210T080000Z/PT30M,20261210T080000Z/20261210T083000Z',
  ])('is one occurrence: %s', (periods) => {
    const { found } = read(
      ...event(
        'DTSTART:20261201T080000Z',
        'DURATION:PT1H',
        'RRULE:FREQ=DAILY;COUNT=1',
        `RDATE;VALUE=PERIOD:${periods}`,
      ),
    );
    expect(found.map(({ start, end }) => [start, end])).toEqual([
      ['2026-12-01T08:00:00.000Z', '2026-12-01T09:00:00.000Z'],
      ['2026-12-10T08:00:00.000Z', '2026-12-10T08:30:00.000Z'],
    ]);
  });
});
