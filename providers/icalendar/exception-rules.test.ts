import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { day } from '../../domain/time/units.ts';
import { calendar, event, read, startsOf, zoned } from '../../tests/harness/calendar-text.ts';

/**
 * Rule, exception rules, start, end of the window, and the starts that `rruleset.exrule` of `python-dateutil` 2.9 leaves.
 * Generated with seeds.
 */
const cases = z
  .array(z.tuple([z.string(), z.array(z.string()), z.string(), z.string(), z.array(z.string())]))
  .parse(
    JSON.parse(
      readFileSync(new URL('../../tests/fixtures/recurrence/exception-rules.json', import.meta.url), 'utf8'),
    ),
  );

const utcOf = (time: string): string => `${time.replaceAll(/[-:]/g, '')}00Z`;

/** Returns the starts, and the faults, of an event in Paris that lasts an hour. */
const excepted = (...lines: readonly string[]) => {
  const { times, faults } = read(
    calendar(...event(zoned('DTSTART', '20261201T100000'), 'DURATION:PT1H', ...lines)),
  );
  return { starts: startsOf(times), faults };
};

const days = (...numbers: readonly number[]) =>
  numbers.map((number) => `2026-12-${String(number).padStart(2, '0')}T09:00`);

describe('an exception rule', () => {
  it.each(cases)(
    'leaves of %s without %j from %s the occurrences that another library leaves',
    (rule, exceptions, start, until, starts) => {
      const lines = [
        `DTSTART:${utcOf(start)}`,
        'DURATION:PT10M',
        `RRULE:${rule}`,
        ...exceptions.map((exception) => `EXRULE:${exception.replace(/UNTIL=\w+/, '$&Z')}`),
      ];
      const { times, codes } = read(calendar(...event(...lines)), {
        from: start.slice(0, 10),
        until: new Date(Date.parse(`${until}Z`) + day).toISOString().slice(0, 10),
      });
      expect(startsOf(times).filter((time) => time <= until)).toEqual(starts);
      expect(codes).toEqual([]);
    },
  );

  it('excepts also the first occurrence, and those of RDATE', () => {
    const rule = 'RRULE:FREQ=DAILY;COUNT=4';
    const added = zoned('RDATE', '20261205T100000', '20261206T140000');
    expect(excepted(rule, added, 'EXRULE:FREQ=DAILY;INTERVAL=2').starts).toEqual([
      ...days(2, 4),
      '2026-12-06T13:00',
    ]);
    const periods = 'RDATE;VALUE=PERIOD:20261208T090000Z/PT3H,20261209T090000Z/PT3H';
    expect(excepted(rule, periods, 'EXRULE:FREQ=WEEKLY').starts).toEqual(days(2, 3, 4, 9));
  });

  it('neither excepts nor counts a start that it does not generate', () => {
    // The first of December 2026 is a Tuesday.
    expect(excepted('RRULE:FREQ=DAILY;COUNT=7', 'EXRULE:FREQ=WEEKLY;BYDAY=SA,SU').starts).toEqual(
      days(1, 2, 3, 4, 7),
    );
    expect(excepted('RRULE:FREQ=DAILY;COUNT=4', 'EXRULE:FREQ=WEEKLY;BYDAY=WE,TH;COUNT=1').starts).toEqual(
      days(1, 3, 4),
    );
  });

  it('follows the clock of the series', () => {
    const lines = [
      zoned('DTSTART', '20261018T100000'),
      'DURATION:PT1H',
      'RRULE:FREQ=WEEKLY;COUNT=4',
      'EXRULE:FREQ=WEEKLY;INTERVAL=2',
    ];
    const { times } = read(calendar(...event(...lines)), { from: '2026-10-01', until: '2026-12-01' });
    // The clocks change on 25 October.
    expect(startsOf(times)).toEqual(['2026-10-25T09:00', '2026-11-08T09:00']);
  });

  it('excepts days of a series of days', () => {
    const lines = ['DTSTART;VALUE=DATE:20261201', 'RRULE:FREQ=DAILY;COUNT=4', 'EXRULE:FREQ=DAILY;INTERVAL=2'];
    expect(startsOf(read(calendar(...event(...lines))).times)).toEqual([
      '2026-12-01T23:00',
      '2026-12-03T23:00',
    ]);
  });

  it('leaves an occurrence that a person has moved where it is', () => {
    const moved = event(
      zoned('RECURRENCE-ID', '20261203T100000'),
      zoned('DTSTART', '20261203T150000'),
      'DURATION:PT1H',
    );
    const main = event(
      zoned('DTSTART', '20261201T100000'),
      'DURATION:PT1H',
      'RRULE:FREQ=DAILY;COUNT=4',
      'EXRULE:FREQ=DAILY;INTERVAL=2',
    );
    expect(startsOf(read(calendar(...main, ...moved)).times)).toEqual([
      '2026-12-02T09:00',
      '2026-12-03T14:00',
      '2026-12-04T09:00',
    ]);
  });

  it.each([
    ['cannot be read', ['EXRULE:every day'], 'invalid_rule'],
    ['has too many occurrences', ['EXRULE:FREQ=SECONDLY;BYSECOND=0,1,2,3'], 'too_many_occurrences'],
    ['is one of eleven', Array.from({ length: 11 }, () => 'EXRULE:FREQ=DAILY'), 'too_many_occurrences'],
  ])('excepts nothing, and is reported, when it %s', (_what, lines, code) => {
    const { starts, faults } = excepted('RRULE:FREQ=DAILY;COUNT=4', ...lines);
    expect(starts).toEqual(days(1, 2, 3, 4));
    expect(faults).toMatchObject([{ code, about: 'EXRULE' }]);
  });
});
