import * as fc from 'fast-check';
// oxlint-disable-next-line import/default -- Node gives its CommonJS exports as the default
import rruleLibrary from 'rrule';
import { describe, expect, it } from 'vitest';
import { day, hour } from '../../domain/time/units.ts';
import { calendar, event, read, startsOf } from '../../tests/harness/calendar-text.ts';
import { expandElapsedRule, readElapsedRule } from './elapsed-rule.ts';
import type { CalendarFault } from './faults.ts';
import { readOccurrences } from './occurrences.ts';
import { ianaZone } from './zones/iana-zone.ts';
import { utc } from './zones/zone.ts';

describe('a series that repeats by the hour', () => {
  const night = { from: '2026-11-01', until: '2026-11-03' };
  const hourly = (rule: string, ...lines: readonly string[]) =>
    read(
      calendar(
        ...event('DTSTART;TZID=America/New_York:20261101T000000', 'DURATION:PT1H', `RRULE:${rule}`, ...lines),
      ),
      night,
    );

  it('leaves no hour free when the clock shows it twice', () => {
    const expected = ['04', '05', '06', '07', '08'].map((hour) => `2026-11-01T${hour}:00`);
    expect(startsOf(hourly('FREQ=HOURLY;COUNT=5').times)).toEqual(expected);
    expect(startsOf(hourly('FREQ=HOURLY;UNTIL=20261101T080000Z').times)).toEqual(expected);
    expect(startsOf(hourly('FREQ=HOURLY;BYDAY=SU;COUNT=5').times)).toEqual(expected);
    expect(startsOf(hourly('FREQ=MINUTELY;INTERVAL=60;COUNT=5').times)).toEqual(expected);
    expect(startsOf(hourly('FREQ=SECONDLY;INTERVAL=3600;COUNT=5').times)).toEqual(expected);
  });

  it('loses only the excluded one of both hours', () => {
    const kept = ['04', '05', '07', '08'].map((hour) => `2026-11-01T${hour}:00`);
    expect(startsOf(hourly('FREQ=HOURLY;COUNT=5', 'EXDATE:20261101T060000Z').times)).toEqual(kept);
    expect(
      startsOf(hourly('FREQ=HOURLY;COUNT=5', 'EXDATE;TZID=America/New_York:20261101T010000').times),
    ).toEqual(['04', '06', '07', '08'].map((hour) => `2026-11-01T${hour}:00`));
  });

  it('has no second occurrence where the clock skips an hour', () => {
    const lines = event(
      'DTSTART;TZID=America/New_York:20260308T000000',
      'DURATION:PT1H',
      'RRULE:FREQ=HOURLY;INTERVAL=2;COUNT=3',
    );
    expect(startsOf(read(calendar(...lines), { from: '2026-03-08', until: '2026-03-09' }).times)).toEqual([
      '2026-03-08T05:00',
      '2026-03-08T07:00',
      '2026-03-08T09:00',
    ]);
  });

  it('lists both occurrences of the repeated hour under ids of their own', () => {
    const faults: CalendarFault[] = [];
    const found = readOccurrences(
      calendar(
        ...event(
          'DTSTART;TZID=America/New_York:20261101T000000',
          'DURATION:PT1H',
          'RRULE:FREQ=HOURLY;COUNT=5',
        ),
      ),
      {
        window: { start: Date.parse('2026-11-01T00:00Z'), end: Date.parse('2026-11-02T00:00Z') },
        owner: ianaZone('Europe/Paris'),
        addresses: new Set(),
      },
      (fault) => faults.push(fault),
    );
    expect(found.map(({ at, isSecondOfBoth }) => `${at ?? ''} ${isSecondOfBoth}`)).toHaveLength(5);
    expect(new Set(found.map(({ at, isSecondOfBoth }) => `${at ?? ''} ${isSecondOfBoth}`)).size).toBe(5);
    expect(found.filter(({ isSecondOfBoth }) => isSecondOfBoth)).toMatchObject([
      { start: '2026-11-01T06:00:00.000Z' },
    ]);
  });
});

// oxlint-disable-next-line import/no-named-as-default-member -- see above
const { RRule } = rruleLibrary;

const parse = (rule: string, at: number) => new RRule({ ...RRule.parseString(rule), dtstart: new Date(at) });

const list = (from: number, until: number) =>
  fc.uniqueArray(fc.integer({ min: from, max: until }), { minLength: 1, maxLength: 4 });

describe('a rule of hours, minutes or seconds', () => {
  const rules = fc.record({
    frequency: fc.constantFrom('HOURLY', 'MINUTELY', 'SECONDLY'),
    interval: fc.integer({ min: 1, max: 90 }),
    count: fc.option(fc.integer({ min: 1, max: 400 }), { nil: undefined }),
    days: fc.option(fc.uniqueArray(fc.constantFrom('MO', 'TU', 'FR', 'SU'), { minLength: 1 }), {
      nil: undefined,
    }),
    months: fc.option(list(1, 12), { nil: undefined }),
    dates: fc.option(
      list(-31, 31).filter((dates) => !dates.includes(0)),
      { nil: undefined },
    ),
  });
  /** Each frequency has an interval with which the library needs few steps. */
  const factors = { HOURLY: 1, MINUTELY: 60, SECONDLY: 3_600 } as const;

  it('has the occurrences that an independent library finds', () => {
    fc.assert(
      fc.property(
        rules,
        fc.integer({ min: 480_000, max: 520_000 }),
        fc.integer({ min: 0, max: 40 }),
        ({ frequency, interval, count, days, months, dates }, startHour, later) => {
          const begun = startHour * hour;
          const text = [
            `FREQ=${frequency}`,
            `INTERVAL=${interval * factors[frequency]}`,
            ...(days ? [`BYDAY=${days.join()}`] : []),
            ...(months ? [`BYMONTH=${months.join()}`] : []),
            ...(dates ? [`BYMONTHDAY=${dates.join()}`] : []),
          ].join(';');
          // The library does not count a start that the rule does not generate.
          const [first] = parse(text, begun).between(
            new Date(begun),
            new Date(begun + 60 * day),
            true,
            (_, at) => at < 1,
          );
          if (!first) return;
          const start = first.getTime();
          const counted = count === undefined ? text : `${text};COUNT=${count}`;
          const [from, until] = [start + later * day, start + (later + 20) * day];
          const rule = readElapsedRule(counted);
          expect(rule && expandElapsedRule(rule, utc, start, from, until)).toEqual(
            parse(counted, start)
              .between(new Date(from), new Date(until), true)
              .map((date) => date.getTime()),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    'FREQ=DAILY',
    'FREQ=HOURLY;BYHOUR=9',
    'FREQ=MINUTELY;BYMINUTE=5',
    'FREQ=HOURLY;BYDAY=1MO',
    'FREQ=HOURLY;BYSETPOS=1',
    'FREQ=HOURLY;INTERVAL=x',
    'FREQ=HOURLY;COUNT=x',
    'FREQ=HOURLY;BYMONTH=13',
    'FREQ=HOURLY;BYMONTHDAY=0',
  ])('leaves %s to the clock', (text) => {
    expect(readElapsedRule(text)).toBeUndefined();
  });

  it('is bounded', () => {
    const everyDay = readElapsedRule('FREQ=SECONDLY');
    const noDay = readElapsedRule('FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30;COUNT=5');
    const began = performance.now();
    for (const rule of [everyDay, noDay]) {
      expect(rule && expandElapsedRule(rule, utc, 0, 10_000 * day, 10_030 * day)).toBe('too_many');
    }
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});
