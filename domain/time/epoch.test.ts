import { expect, it } from 'vitest';
import { toEpochMs, toInstant } from './epoch.ts';

it('converts epoch milliseconds to an instant and back', () => {
  expect(toInstant(1_796_115_600_000)).toBe('2026-12-01T09:00:00.000Z');
  expect(toEpochMs('2026-12-01T09:00:00.000Z')).toBe(1_796_115_600_000);
});

it('refuses an instant with a five-digit year, which would not sort as text', () => {
  expect(() => toInstant(Date.UTC(10_000, 0))).toThrow(RangeError);
});
