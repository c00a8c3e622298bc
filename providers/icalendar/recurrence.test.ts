import * as fc from 'fast-check';
// oxlint-disable-next-line import/default -- Node gives its CommonJS exports as the default
import rruleLibrary, { type Options } from 'rrule';
import { describe, expect, it } from 'vitest';
import { day } from '../../domain/time/units.ts';
import { expandRule, readRule } from './recurrence.ts';

// oxlint-disable-next-line import/no-named-as-default-member -- see above
const { RRule } = rruleLibrary;
const at = (text: string): number => Date.parse(`${text}Z`);

const starts = (text: string, start: string, from: string, until: string): readonly string[] | string => {
  const rule = readRule(text);
  if (!rule) return 'unreadable';
  const expansion = expandRule(rule, at(start), at(from), at(until));
  return expansion.kind === 'complete'
    ? expansion.starts.map((ms) => new Date(ms).toISOString().slice(0, 16))
    : expansion.kind;
};

/** Values of one BY part: few, so that the parts of a rule often agree on a day. */
const some = (from: number, until: number, extra: readonly number[] = []) =>
  fc.uniqueArray(fc.oneof(fc.integer({ min: from, max: until }), fc.constantFrom(from, ...extra)), {
    minLength: 1,
    maxLength: 4,
  });

const { MO, TU, WE, TH, FR, SA, SU } = RRule;
const weekdays = fc.uniqueArray(fc.constantFrom(MO, TU, WE, TH, FR, SA, SU), {
  minLength: 1,
  maxLength: 5,
  selector: ({ weekday }) => weekday,
});
const numbered = fc
  .tuple(fc.constantFrom(MO, WE, FR, SU), fc.constantFrom(1, 2, 4, 5, -1, -2))
  .map(([weekday, n]) => [weekday.nth(n)]);

const ruleParts: fc.Arbitrary<Partial<Options>> = fc
  .tuple(
    fc.oneof(
      fc.record({ freq: fc.constant(RRule.DAILY), bymonth: fc.option(some(1, 12), { nil: null }) }),
      fc.record({
        freq: fc.constant(RRule.WEEKLY),
        byweekday: fc.option(weekdays, { nil: null }),
        wkst: fc.constantFrom(MO, SU, WE),
      }),
      fc.record({ freq: fc.constant(RRule.MONTHLY), bymonthday: some(1, 31, [-1, -5]) }),
      fc.record({ freq: fc.constant(RRule.MONTHLY), byweekday: fc.oneof(weekdays, numbered) }),
      fc.record({
        freq: fc.constant(RRule.MONTHLY),
        byweekday: weekdays,
        bysetpos: fc.constantFrom<number[]>([1], [-1], [2, -2]),
      }),
      fc.record({ freq: fc.constant(RRule.YEARLY), bymonth: some(1, 12), bymonthday: some(1, 31, [-1]) }),
      fc.record({
        freq: fc.constant(RRule.YEARLY),
        bymonth: some(1, 12),
        byweekday: fc.oneof(weekdays, numbered),
      }),
      // The libraries assign the first and the last week, which two years share, to different years.
      fc.record({ freq: fc.constant(RRule.YEARLY), byweekno: some(2, 51), byweekday: weekdays }),
      fc.record({ freq: fc.constant(RRule.YEARLY), byyearday: some(1, 365, [-1, -100]) }),
      fc.record({ freq: fc.constant(RRule.HOURLY), bymonth: fc.option(some(1, 12), { nil: null }) }),
    ),
    fc.integer({ min: 1, max: 5 }),
    fc.option(fc.integer({ min: 1, max: 60 }), { nil: null }),
  )
  .map(([parts, interval, count]) => ({ ...parts, interval, count }));

describe('a recurrence rule', () => {
  it('has the occurrences that an independent library finds', () => {
    const startDays = fc.integer({ min: at('1995-01-01T00:00') / day, max: at('2026-12-31T00:00') / day });
    fc.assert(
      fc.property(ruleParts, startDays, fc.integer({ min: 0, max: 700 }), (parts, startDay, later) => {
        const anchor = new Date(startDay * day + 9.5 * 3_600_000);
        // The library does not count a start that the rule does not generate, so the first occurrence is the start.
        const first = new RRule({ ...parts, dtstart: anchor, count: 1 }).all().at(0);
        if (!first) return;
        const theirs = new RRule({ ...parts, dtstart: first });
        const from = new Date(first.getTime() + later * day);
        const until = new Date(from.getTime() + 60 * day);
        const text = RRule.optionsToString(parts).replace('RRULE:', '');
        const rule = readRule(text);
        const ours = rule && expandRule(rule, first.getTime(), from.getTime(), until.getTime());
        expect(ours).toEqual({
          kind: 'complete',
          starts: theirs.between(from, until, true).map((date) => date.getTime()),
        });
      }),
      { numRuns: 300 },
    );
  });

  it('begins with DTSTART, also when the rule does not generate it', () => {
    expect(
      starts('FREQ=WEEKLY;BYDAY=MO;COUNT=3', '2026-12-01T09:00', '2026-11-01T00:00', '2027-01-31T00:00'),
    ).toEqual(['2026-12-01T09:00', '2026-12-07T09:00', '2026-12-14T09:00']);
  });

  it.each([
    ['never ends and began long ago', 'FREQ=DAILY', '1601-01-01T00:00'],
    ['is the 29th of February', 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29', '1904-02-29T09:00'],
    ['has no possible day', 'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30', '2000-01-01T09:00'],
    ['has no possible month', 'FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=31', '2000-01-01T09:00'],
    ['has no possible weekday', 'FREQ=YEARLY;BYMONTH=4;BYMONTHDAY=15;BYDAY=1MO', '2000-01-01T09:00'],
    ['repeats after a million days', 'FREQ=DAILY;INTERVAL=1000000', '2000-01-01T09:00'],
    ['repeats each second', 'FREQ=SECONDLY', '2000-01-01T09:00'],
    ['repeats each second on no possible day', 'FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30', '2000-01-01T09:00'],
    ['has a million occurrences', 'FREQ=MINUTELY;COUNT=1000000', '2025-01-01T09:00'],
    [
      'has thousands of times a day',
      `FREQ=YEARLY;BYDAY=MO,TU,WE;BYHOUR=1,2,3,4,5,6,7,8;BYMINUTE=${Array.from({ length: 60 }, (_, at) => at).join()};BYSECOND=${Array.from({ length: 60 }, (_, at) => at).join()}`,
      '2026-01-01T09:00',
    ],
  ])('is bounded in time when it %s', (_what, text, start) => {
    const began = performance.now();
    starts(text, start, '2026-12-01T00:00', '2027-01-31T00:00');
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it('is reported as having too many occurrences instead of being cut', () => {
    expect(starts('FREQ=MINUTELY', '2026-01-01T09:00', '2026-12-01T00:00', '2026-12-31T00:00')).toBe(
      'too_many',
    );
  });

  it('of weeks without a day has the weekday of its start, whatever the window', () => {
    const expected = ['2025', '2026', '2027', '2028'].map((year) =>
      starts('FREQ=YEARLY;BYWEEKNO=20', '2024-05-15T09:00', `${year}-01-01T00:00`, `${year}-12-31T00:00`),
    );
    expect(expected).toEqual([
      ['2025-05-14T09:00'],
      ['2026-05-13T09:00'],
      ['2027-05-19T09:00'],
      ['2028-05-17T09:00'],
    ]);
    expect(
      starts('FREQ=YEARLY;BYWEEKNO=20', '2024-05-15T09:00', '2024-01-01T00:00', '2028-12-31T00:00'),
    ).toEqual(['2024-05-15T09:00', ...expected.flat()]);
  });

  it.each(['', 'DAILY', 'FREQ=DAILY;INTERVAL=0', 'FREQ=DAILY;COUNT=0', 'FREQ=DAILY;BYDAY=\u0000'])(
    'is not read from %j',
    (text) => {
      expect(readRule(text)).toBeUndefined();
    },
  );

  it.each(['FREQ=FORTNIGHTLY', 'FREQ=DAILY;INTERVAL=x', 'FREQ=MONTHLY;BYDAY=99XX'])(
    'is invalid as %s',
    (text) => {
      const found = starts(text, '2026-12-01T09:00', '2026-12-01T00:00', '2026-12-31T00:00');
      expect(found).toBe('invalid');
    },
  );
});
