import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { day, hour, minute } from '../../domain/time/units.ts';
import { atDepth } from '../../tests/harness/depth.ts';
import { expandByLibrary, expandRule } from './recurrence.ts';
import { expandSimpleRule } from './simple-rule.ts';

const weekday = fc.constantFrom('MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU');
const listOf = <Value>(one: fc.Arbitrary<Value>) =>
  fc.uniqueArray(one, { minLength: 1, maxLength: 3 }).map((values) => values.join(','));
const optional = (name: string, value: fc.Arbitrary<string | number>) =>
  fc.option(value, { nil: undefined }).map((set) => (set === undefined ? '' : `;${name}=${set}`));
const common = fc
  .tuple(
    optional('INTERVAL', fc.integer({ min: 1, max: 7 })),
    optional('COUNT', fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 300, max: 2_000 }))),
  )
  .map((parts) => parts.join(''));
const rule = fc.oneof(
  common.map((parts) => `FREQ=DAILY${parts}`),
  fc
    .tuple(optional('COUNT', fc.integer({ min: 1, max: 600 })), listOf(weekday))
    .map(([count, days]) => `FREQ=DAILY${count};BYDAY=${days}`),
  fc
    .tuple(common, optional('BYDAY', listOf(weekday)), optional('WKST', weekday))
    .map((parts) => `FREQ=WEEKLY${parts.join('')}`),
  fc
    .tuple(
      common,
      fc.oneof(
        fc.constant(''),
        listOf(
          fc.tuple(fc.constantFrom('', '1', '2', '3', '4', '5', '-1', '-2'), weekday).map((d) => d.join('')),
        ).map((days) => `;BYDAY=${days}`),
        listOf(fc.integer({ min: -31, max: 31 }).filter((date) => date !== 0)).map(
          (dates) => `;BYMONTHDAY=${dates}`,
        ),
      ),
    )
    .map((parts) => `FREQ=MONTHLY${parts.join('')}`),
  common.map((parts) => `FREQ=YEARLY${parts}`),
);
const start = fc
  .tuple(fc.integer({ min: 18_000, max: 22_500 }), fc.integer({ min: 0, max: 95 }))
  .map(([days, quarters]) => days * day + quarters * 15 * minute);

it('a simple rule has the same occurrences as with the library', () => {
  fc.assert(
    fc.property(
      rule,
      start,
      fc.integer({ min: -400, max: 1_500 }),
      fc.integer({ min: 0, max: 400 }),
      (text, begins, after, length) => {
        const from = begins + after * day + hour;
        const until = from + length * day;
        const simple = expandSimpleRule(text, begins, from, until);
        expect(simple).toBeDefined();
        if (until < begins) return;
        const expected = expandByLibrary({ text, until: undefined }, begins, from, until);
        expect({ kind: 'complete', starts: simple }).toEqual(expected);
      },
    ),
    { numRuns: atDepth(300, 5_000) },
  );
});

it.each([
  'FREQ=HOURLY',
  'FREQ=DAILY;BYHOUR=9,10',
  'FREQ=DAILY;INTERVAL=2;BYDAY=MO',
  'FREQ=DAILY;BYDAY=1MO',
  'FREQ=MONTHLY;BYDAY=MO;BYSETPOS=-1',
  'FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13',
  'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29',
  'FREQ=WEEKLY;BYDAY=1MO',
  'FREQ=WEEKLY;FREQ=DAILY',
])('leaves %s to the library', (text) => {
  expect(expandSimpleRule(text, 20_000 * day, 20_000 * day, 20_030 * day)).toBeUndefined();
});

it('a rule with too many periods in the window blocks it as before', () => {
  const at = 20_000 * day;
  expect(expandRule({ text: 'FREQ=DAILY', until: undefined }, at, at, at + 20_000 * day)).toEqual({
    kind: 'too_many',
  });
});
