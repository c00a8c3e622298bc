import { describe, expect, it } from 'vitest';
import { organizationIdSchema } from '../ids.ts';
import { stepPriority } from './priority.ts';

const slot = {
  start: '2026-12-01T09:00:00.000Z',
  end: '2026-12-01T09:30:00.000Z',
  zone: 'Europe/Paris',
} as const;
const daysBefore = Date.parse('2026-11-24T09:00:00.000Z');
const shortlyBefore = Date.parse('2026-12-01T07:30:00.000Z');

describe('the priority of a step', () => {
  it.each([
    ['that is urgent', { isUrgent: true, slot, now: daysBefore }, 2],
    ['for a slot that begins soon', { isUrgent: false, slot, now: shortlyBefore }, 2],
    ['for a slot days ahead', { isUrgent: false, slot, now: daysBefore }, 3],
    ['before there is a slot', { isUrgent: false, slot: undefined, now: daysBefore }, 3],
  ])('%s', (_, about, priorityKey) => {
    expect(stepPriority('org_north', about)).toEqual({ priorityKey, fairnessKey: 'north' });
  });

  it('has a fairness key of at most 64 bytes, even for the longest organization id', () => {
    const longest = organizationIdSchema.parse(`org_${'x'.repeat(64)}`);
    const { fairnessKey } = stepPriority(longest, { isUrgent: false, slot, now: daysBefore });
    expect(Buffer.byteLength(fairnessKey)).toBe(64);
  });
});
