import { expect, it } from 'vitest';
import { toEpochMs, toInstant } from './epoch.ts';

it('writes an instant with milliseconds and reads it back', () => {
  expect(toInstant(1_796_115_600_000)).toBe('2026-12-01T09:00:00.000Z');
  expect(toEpochMs('2026-12-01T09:00:00.000Z')).toBe(1_796_115_600_000);
});

it('refuses a year of five figures, which would no longer sort as text', () => {
  expect(() => toInstant(Date.UTC(10_000, 0))).toThrow(RangeError);
});
