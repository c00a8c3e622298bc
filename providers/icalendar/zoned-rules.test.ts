/**
 * Compares series in zones with what `python-dateutil` finds on the clock of the zone, converted with Python's `zoneinfo`: days by
 * position, weeks with other first days, days from the end of a month, leap days, exceptions and further dates; in zones of both
 * hemispheres, in one whose clock changes by half an hour, and in those that have given up daylight saving time.
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { calendar, event, read, startsOf } from '../../tests/harness/calendar-text.ts';

const caseSchema = z.tuple([
  z.string().describe('DTSTART'),
  z.array(z.string()).describe('RRULE, and EXDATE or RDATE'),
  z.string().describe('The start of the window'),
  z.string().describe('Its end'),
  z.array(z.string()).describe('The expected starts in UTC'),
]);

const cases = z
  .array(caseSchema)
  .parse(
    JSON.parse(
      readFileSync(new URL('../../tests/fixtures/recurrence/zoned-rules.json', import.meta.url), 'utf8'),
    ),
  );

it.each(cases)('%s with %j, from %s to %s', (start, lines, from, until, expected) => {
  const { times, codes } = read(calendar(...event(start, 'DURATION:PT10M', ...lines)), { from, until });
  expect(startsOf(times)).toEqual(expected);
  expect(codes).toEqual([]);
});
