import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { day } from '../../domain/time/units.ts';
import { expandRule, generatesStart } from './recurrence.ts';
import { expandYearlyRule } from './yearly-rule.ts';

const at = (text: string): number => Date.parse(`${text}Z`);

const daysOf = (text: string, start: string, until: string) => {
  const begins = at(`${start}T09:00`);
  const expansion = expandRule({ text, until: undefined }, begins, begins, at(`${until}T00:00`));
  return expansion.kind === 'complete'
    ? expansion.starts.map((ms) => new Date(ms).toISOString().slice(0, 10))
    : expansion.kind;
};

/** Rule, start, end of the window, and the starts that `python-dateutil` 2.9 finds. Generated with seeds. */
const cases = z
  .array(z.tuple([z.string(), z.string(), z.string(), z.array(z.string())]))
  .parse(
    JSON.parse(
      readFileSync(new URL('../../tests/fixtures/recurrence/yearly-rules.json', import.meta.url), 'utf8'),
    ),
  );

const all = (length: number): string => Array.from({ length }, (_, index) => index).join(',');

describe('a yearly rule with several parts', () => {
  it.each(cases)(
    '%s from %s has the occurrences that another library finds',
    (text, start, until, starts) => {
      const begins = at(start);
      expect(expandRule({ text, until: undefined }, begins, begins, at(until))).toEqual({
        kind: 'complete',
        starts: starts.map(at),
      });
    },
  );

  it.each([
    [
      'a day of the year must be one of the weekdays',
      'FREQ=YEARLY;BYMONTH=3,11;BYYEARDAY=60,-306;BYDAY=FR,SU',
      '2020-03-01',
      '2025-01-01',
      ['2020-03-01', '2024-03-01'],
    ],
    [
      'a date must be the numbered weekday',
      'FREQ=YEARLY;BYMONTHDAY=28;BYDAY=-1FR',
      '2023-12-28',
      '2029-12-31',
      ['2023-12-28', '2029-12-28'],
    ],
    [
      'a year without a 53rd Friday has none',
      'FREQ=YEARLY;BYDAY=53FR',
      '2021-12-31',
      '2040-01-01',
      ['2021-12-31', '2027-12-31', '2032-12-31', '2038-12-31'],
    ],
    [
      'a week that two years share has days in both',
      'FREQ=YEARLY;BYWEEKNO=53;BYMONTH=1;BYDAY=FR,SA,SU',
      '2027-01-01',
      '2033-12-31',
      ['2027-01-01', '2027-01-02', '2027-01-03', '2033-01-01', '2033-01-02'],
    ],
    [
      'weeks can begin on Thursday',
      'FREQ=YEARLY;BYWEEKNO=1;BYDAY=TH;WKST=TH',
      '2029-01-04',
      '2031-12-31',
      ['2029-01-04', '2030-01-03', '2031-01-02'],
    ],
    [
      'numbers count within the months that are named',
      'FREQ=YEARLY;BYMONTH=3,9;BYDAY=1MO,-1MO;COUNT=5',
      '2026-03-02',
      '2028-01-01',
      ['2026-03-02', '2026-03-30', '2026-09-07', '2026-09-28', '2027-03-01'],
    ],
    [
      'the last of the listed days',
      'FREQ=YEARLY;BYMONTHDAY=13,15;BYDAY=FR,TU;BYSETPOS=-1',
      '2026-11-13',
      '2027-12-31',
      ['2026-11-13', '2026-12-15', '2027-10-15'],
    ],
  ])('%s', (_name, text, start, until, expected) => {
    expect(daysOf(text, start, until)).toEqual(expected);
  });

  it('says whether the rule generates its start', () => {
    const rule = { text: 'FREQ=YEARLY;BYMONTHDAY=28;BYDAY=-1FR', until: undefined };
    expect(generatesStart(rule, at('2029-12-28T09:00'))).toBe(true);
    expect(generatesStart(rule, at('2026-08-28T09:00'))).toBe(false);
  });

  it.each([
    ['FREQ=YEARLY;COUNT=1;BYMONTH=3;BYDAY=1MO', '2027-03-01T09:00'],
    ['FREQ=YEARLY;INTERVAL=2;BYMONTH=1;BYDAY=1FR', '2027-01-01T09:00'],
    ['COUNT=2;FREQ=YEARLY;BYMONTHDAY=1;BYDAY=FR', '2027-01-01T09:00'],
  ])('generates its start, whatever its count and interval: %s', (text, start) => {
    expect(generatesStart({ text, until: undefined }, at(start))).toBe(true);
  });

  it.each([
    ['never occurs', 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;BYDAY=1MO', []],
    ['is later than any date', 'FREQ=YEARLY;INTERVAL=99999;BYDAY=1MO', []],
  ])('is bounded when it %s', (_name, text, expected) => {
    const start = at('1601-01-02T09:00');
    const begins = performance.now();
    expect(expandYearlyRule(text, start, at('2026-01-01T00:00'), at('2027-01-01T00:00'))).toEqual(expected);
    expect(
      expandYearlyRule(`${text};COUNT=999999`, start, at('2026-01-01T00:00'), at('2027-01-01T00:00')),
    ).toEqual(expected);
    expect(performance.now() - begins).toBeLessThan(1_000);
  });

  it('is not listed when it has too many times', () => {
    const text = `FREQ=YEARLY;BYDAY=MO;BYMONTHDAY=1;BYHOUR=${all(24)};BYMINUTE=${all(60)};BYSECOND=${all(60)}`;
    expect(
      expandYearlyRule(text, at('2026-01-01T09:00'), at('2026-01-01T00:00'), at('2027-01-01T00:00')),
    ).toBe('too_many');
  });

  it.each([
    'FREQ=YEARLY',
    'FREQ=YEARLY;BYDAY=MO',
    'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29',
    'FREQ=MONTHLY;BYDAY=1FR;BYMONTHDAY=1',
    'FREQ=YEARLY;BYEASTER=0;BYDAY=1MO',
    'FREQ=YEARLY;BYDAY=1MO;BYDAY=2MO',
  ])('leaves %s to others', (text) => {
    expect(expandYearlyRule(text, 20_000 * day, 20_000 * day, 20_030 * day)).toBeUndefined();
  });
});
