import { assert, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { retryAfterMs } from './retry-after.ts';

const now = Date.parse('2026-10-25T00:59:30.000Z');

test.each([
  ['seconds', '7', 7_000],
  ['fractions of a second', '0.5', 500],
  ['an HTTP date', 'Sun, 25 Oct 2026 01:00:00 GMT', 30_000],
  ['a timestamp in UTC', '2026-10-25T01:00:00Z', 30_000],
  ['a timestamp with an offset', '2026-10-25T03:00:00+02:00', 30_000],
  ['a time that has passed', '2026-10-25T00:00:00Z', 0],
  ['a time too far away', '99999999', 86_400_000],
])('Retry-After is read as %s', (_form, header, delay) => {
  expect(retryAfterMs(header, now)).toBe(delay);
});

test.each([undefined, '', ' ', 'soon', '-5 apples'])('Retry-After %o is unreadable', (header) => {
  expect(retryAfterMs(header, now)).toBeUndefined();
});

test('the delay of any Retry-After is between 0 and one day', () => {
  assert(
    property(string(), (header) => {
      const delay = retryAfterMs(header, now) ?? 0;
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThanOrEqual(86_400_000);
    }),
  );
});
