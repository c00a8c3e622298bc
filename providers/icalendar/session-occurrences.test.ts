import * as fc from 'fast-check';
import { DateTime } from 'luxon';
// oxlint-disable-next-line import/default -- Node gives its CommonJS exports as the default
import rruleLibrary from 'rrule';
import { describe, expect, it } from 'vitest';
import {
  type SessionBlockDefinition,
  type SessionException,
  sessionBlockDefinitionSchema,
} from '../../domain/session-blocks/session-block.ts';
import { day } from '../../domain/time/units.ts';
import { hasSessionAt, isInGap, isStartOfRule, sessionsIn } from './session-occurrences.ts';

// oxlint-disable-next-line import/no-named-as-default-member -- see above
const { rrulestr } = rruleLibrary;

const definition = (changes: object = {}): SessionBlockDefinition =>
  sessionBlockDefinitionSchema.parse({
    project: 'night-ferry',
    zone: 'Europe/Paris',
    start: '2026-12-01T10:00',
    end: '2026-12-01T13:00',
    recurrence: { rule: 'FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20261218' },
    room: 'Studio 2',
    slotMinutes: 15,
    gapMinutes: 5,
    ...changes,
  });

const clockTime = (ms: number): string => new Date(ms).toISOString().slice(0, 16);

/** Of a time that the clock shows twice, luxon chooses either; RFC 5545 the first. */
const firstInstantOf = (text: string, zone: string): number =>
  Math.min(
    ...DateTime.fromISO(text, { zone })
      .getPossibleOffsets()
      .map((time) => time.toMillis()),
  );

const instantIn = (text: string): number => Date.parse(text.includes('T') ? `${text}Z` : `${text}T00:00Z`);

const list = (
  changes: object,
  { from = '2026-01-01', until = '2027-01-01' } = {},
  exceptions: readonly SessionException[] = [],
) =>
  sessionsIn(
    { definition: definition(changes), exceptions, isCancelled: false },
    { start: instantIn(from), end: instantIn(until) },
  );

describe('the sessions of a block', () => {
  it('are on the days of the rule until its last day, which counts', () => {
    expect(list({}).map(({ at }) => at)).toEqual([
      '2026-12-01T10:00',
      '2026-12-03T10:00',
      '2026-12-08T10:00',
      '2026-12-10T10:00',
      '2026-12-15T10:00',
      '2026-12-17T10:00',
    ]);
    expect(list({})[0]).toEqual({
      at: '2026-12-01T10:00',
      start: '2026-12-01T09:00:00.000Z',
      end: '2026-12-01T12:00:00.000Z',
      room: 'Studio 2',
      isChanged: false,
    });
  });

  it('end when the clock says so, also in the night of a clock change', () => {
    const night = { start: '2026-10-24T22:00', end: '2026-10-25T06:00' };
    const october = { from: '2026-10-20', until: '2026-10-28' };
    const endsOf = (sessions: ReturnType<typeof list>) => sessions.map(({ end }) => end);
    const first = list({ ...night, recurrence: { rule: 'FREQ=DAILY;COUNT=2' } }, october);
    expect(endsOf(first)).toEqual(['2026-10-25T05:00:00.000Z', '2026-10-26T05:00:00.000Z']);
    const moved = { at: '2026-10-22T10:00', change: night };
    const changes = {
      start: '2026-10-21T10:00',
      end: '2026-10-21T12:00',
      recurrence: { rule: 'FREQ=DAILY;COUNT=2' },
    };
    expect(endsOf(list(changes, october, [moved]))).toEqual([
      '2026-10-21T10:00:00.000Z',
      '2026-10-25T05:00:00.000Z',
    ]);
    // The last hour alone is in the window.
    expect(
      list({ ...night, recurrence: undefined }, { from: '2026-10-25T04:30', until: '2026-10-26' }),
    ).toHaveLength(1);
    const spring = { start: '2026-03-28T22:00', end: '2026-03-29T06:00', recurrence: undefined };
    expect(endsOf(list(spring, { from: '2026-03-28', until: '2026-03-30' }))).toEqual([
      '2026-03-29T04:00:00.000Z',
    ]);
  });

  it('are one without a rule, with added dates, and without excluded ones', () => {
    expect(list({ recurrence: undefined })).toHaveLength(1);
    const recurrence = {
      rule: 'FREQ=DAILY;COUNT=3',
      added: ['2026-12-12T09:00'],
      excluded: ['2026-12-02T10:00'],
    };
    expect(list({ recurrence }).map(({ at }) => at)).toEqual([
      '2026-12-01T10:00',
      '2026-12-03T10:00',
      '2026-12-12T09:00',
    ]);
  });

  it('include those that are moved, and leave out those that are cancelled', () => {
    const sessions = list({}, {}, [
      { at: '2026-12-03T10:00', change: { status: 'cancelled' } },
      {
        at: '2026-12-08T10:00',
        change: { start: '2026-12-09T14:00', end: '2026-12-09T16:00', room: 'Studio 5' },
      },
      { at: '2026-12-10T10:00', change: { start: '2026-12-10T10:00', end: '2026-12-10T11:00' } },
    ]);
    expect(sessions.map(({ at, start, room, isChanged }) => [at, start, room, isChanged])).toEqual([
      ['2026-12-01T10:00', '2026-12-01T09:00:00.000Z', 'Studio 2', false],
      ['2026-12-08T10:00', '2026-12-09T13:00:00.000Z', 'Studio 5', true],
      ['2026-12-10T10:00', '2026-12-10T09:00:00.000Z', 'Studio 2', true],
      ['2026-12-15T10:00', '2026-12-15T09:00:00.000Z', 'Studio 2', false],
      ['2026-12-17T10:00', '2026-12-17T09:00:00.000Z', 'Studio 2', false],
    ]);
  });

  it('include one that was moved into the window, and leave out one that was moved out of it', () => {
    const moved: SessionException[] = [
      { at: '2026-12-03T10:00', change: { start: '2026-12-20T10:00', end: '2026-12-20T13:00' } },
    ];
    expect(list({}, { from: '2026-12-19', until: '2026-12-21' }, moved).map(({ at }) => at)).toEqual([
      '2026-12-03T10:00',
    ]);
    expect(list({}, { from: '2026-12-03', until: '2026-12-04' }, moved)).toEqual([]);
  });

  it('are none when the block is cancelled', () => {
    const block = { definition: definition(), exceptions: [], isCancelled: true };
    expect(sessionsIn(block, { start: 0, end: Date.parse('2030-01-01') })).toEqual([]);
  });

  it('are looked for on the last day of the calendar in every zone', () => {
    for (const zone of ['America/New_York', 'Pacific/Kiritimati', 'UTC']) {
      const plan = { definition: definition({ zone, recurrence: { rule: 'FREQ=DAILY' } }) };
      expect(hasSessionAt(plan, '9999-12-31T10:00')).toBe(true);
      expect(hasSessionAt(plan, '9999-12-31T23:00')).toBe(false);
    }
  });
});

const daily = (zone: string, start: string, end: string, count = 3) =>
  list({ zone, start, end, recurrence: { rule: `FREQ=DAILY;COUNT=${count}` } }).map((session) => [
    session.at,
    session.start,
    session.end,
  ]);

describe('the clock of the zone', () => {
  it.each([
    // The night in which the clock is set forward: 02:30 does not exist, and is read as 03:30.
    ['Europe/Paris', '2026-03-28T02:30', ['01:30', '01:30', '00:30']],
    ['America/New_York', '2026-03-07T02:30', ['07:30', '07:30', '06:30']],
    // In the southern hemisphere, in October.
    ['Australia/Sydney', '2026-10-03T02:30', ['16:30', '16:30', '15:30']],
    ['America/Santiago', '2026-09-05T00:30', ['04:30', '04:30', '03:30']],
    // By half an hour.
    ['Australia/Lord_Howe', '2026-10-03T02:15', ['15:45', '15:45', '15:15']],
  ])('is followed into a gap: %s from %s', (zone, start, times) => {
    const end = `${start.slice(0, 11)}04:00`;
    expect(daily(zone, start, end).map(([, instant]) => instant?.slice(11, 16))).toEqual(times);
  });

  it.each([
    // The night in which the clock is set back: 02:30 occurs twice, and the first one counts.
    ['Europe/Paris', '2026-10-24T02:30', ['00:30', '00:30', '01:30']],
    ['America/New_York', '2026-10-31T01:30', ['05:30', '05:30', '06:30']],
    ['Australia/Sydney', '2026-04-04T02:30', ['15:30', '15:30', '16:30']],
    ['America/Santiago', '2026-04-03T23:30', ['02:30', '02:30', '03:30']],
    ['Australia/Lord_Howe', '2026-04-04T01:45', ['14:45', '14:45', '15:15']],
  ])('is followed into an overlap: %s from %s', (zone, start, times) => {
    const end = `${start.slice(0, 11)}23:59`;
    expect(daily(zone, start, end).map(([, instant]) => instant?.slice(11, 16))).toEqual(times);
  });

  it('lets a session last as long in the night of a clock change as in any other', () => {
    const lengths = daily('Europe/Paris', '2026-03-27T22:00', '2026-03-28T04:00').map(
      ([, start = '', end = '']) => (Date.parse(end) - Date.parse(start)) / 3_600_000,
    );
    expect(lengths).toEqual([6, 6, 6]);
  });

  it('gives the instants that rrule and luxon give together', { timeout: 60_000 }, () => {
    const rules = fc.constantFrom(
      'FREQ=DAILY;INTERVAL=3',
      'FREQ=WEEKLY;BYDAY=TU,TH',
      'FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU',
      'FREQ=MONTHLY;BYDAY=-1SU',
      'FREQ=MONTHLY;BYDAY=2MO,4FR',
      'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1',
      'FREQ=MONTHLY;BYMONTHDAY=31,-2',
      'FREQ=YEARLY;BYMONTH=3,10;BYDAY=-1SU',
      'FREQ=WEEKLY;COUNT=40',
      'FREQ=DAILY;UNTIL=20270110',
    );
    const zones = fc.constantFrom(
      'Europe/Paris',
      'America/New_York',
      'Australia/Sydney',
      'America/Santiago',
      'Pacific/Chatham',
      'Australia/Lord_Howe',
      'Asia/Kolkata',
      'UTC',
    );
    fc.assert(
      fc.property(
        rules,
        zones,
        fc.integer({ min: 0, max: 400 }),
        fc.integer({ min: 0, max: 95 }),
        (rule, zone, days, quarters) => {
          // UNTIL as a date includes its whole day here; rrule compares it with midnight.
          const floating = rule.replace(/UNTIL=(\d{8})/, 'UNTIL=$1T235959Z');
          const seriesFrom = (ms: number) =>
            rrulestr(`DTSTART:${clockTime(ms).replaceAll(/[-:]/g, '')}00Z\nRRULE:${floating}`);
          const earliest = Date.UTC(2026, 0, 1) + days * day + quarters * 900_000;
          const first = seriesFrom(earliest).after(new Date(earliest), true)?.getTime();
          fc.pre(first !== undefined);
          const until = first + 400 * day;
          const expected = seriesFrom(first)
            .between(new Date(first), new Date(until), true)
            .map((date) => firstInstantOf(clockTime(date.getTime()), zone))
            .filter((start) => start < until - 2 * day);
          const block = definition({
            zone,
            start: clockTime(first),
            end: clockTime(first + 3_600_000),
            recurrence: { rule },
          });
          const found = sessionsIn(
            { definition: block, exceptions: [], isCancelled: false },
            { start: first - 2 * day, end: until - 2 * day },
          );
          expect(found.map(({ start }) => Date.parse(start))).toEqual(expected);
          expect(isStartOfRule(rule, first)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('knows the times that it skips', () => {
    expect(isInGap('Europe/Paris', Date.UTC(2026, 2, 29, 2, 30))).toBe(true);
    expect(isInGap('Europe/Paris', Date.UTC(2026, 2, 29, 3, 0))).toBe(false);
    expect(isInGap('Europe/Paris', Date.UTC(2026, 9, 25, 2, 30))).toBe(false);
  });
});

describe('a rule', () => {
  it('that never ends is expanded in its window only', () => {
    const began = performance.now();
    const sessions = list(
      { start: '2000-01-01T10:00', end: '2000-01-01T11:00', recurrence: { rule: 'FREQ=DAILY' } },
      { from: '2999-01-01', until: '2999-02-01' },
    );
    expect(sessions).toHaveLength(31);
    expect(performance.now() - began).toBeLessThan(500);
  });

  it.each([
    ['2026-12-01T10:00', true],
    ['2026-12-17T10:00', true],
    ['2026-12-02T10:00', false],
    ['2026-12-01T10:15', false],
    ['2026-12-22T10:00', false],
    ['2026-02-30T10:00', false],
  ])('says whether the series has a session at %s', (at, expected) => {
    expect(hasSessionAt({ definition: definition() }, at)).toBe(expected);
  });

  it('says whether it gives the first session', () => {
    const tuesday = Date.UTC(2026, 11, 1, 10);
    expect(isStartOfRule('FREQ=WEEKLY;BYDAY=TU,TH', tuesday)).toBe(true);
    expect(isStartOfRule('FREQ=WEEKLY;BYDAY=MO', tuesday)).toBe(false);
    expect(isStartOfRule('FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30', tuesday)).toBe(false);
    expect(isStartOfRule('FREQ=WEEKLY;BYDAY=XX', tuesday)).toBe(false);
  });
});
