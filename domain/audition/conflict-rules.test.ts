import { describe, expect, it } from 'vitest';
import { hour, minute } from '../time/units.ts';
import {
  calendarGap,
  conflictsWithSlot,
  defaultConflictRules,
  gapToEvent,
  readingWindow,
  rulesFor,
  takesTime,
} from './conflict-rules.ts';
import type { SlotSpec } from './slot.ts';

const slot = { start: '2026-12-10T10:00:00.000Z', end: '2026-12-10T10:30:00.000Z', zone: 'UTC' } as const;
const wish: SlotSpec = { kind: 'fixed', slot };
const rules = { ...defaultConflictRules, calendarBuffer: 10 * minute, travel: hour };

describe('the gap to an event of a calendar', () => {
  it('is the calendar buffer for an audition by video, and at least the travel time for one in a room', () => {
    expect(calendarGap(rules, undefined)).toBe(10 * minute);
    expect(calendarGap(rules, 'Studio A')).toBe(hour);
    expect(calendarGap({ ...rules, calendarBuffer: 2 * hour }, 'Studio A')).toBe(2 * hour);
  });

  it('has no travel time when the event is in the calendar of the room', () => {
    expect(gapToEvent(rules, 'Studio A', { isRoom: true })).toBe(10 * minute);
    expect(gapToEvent(rules, 'Studio A', {})).toBe(hour);
  });
});

describe('the window in which calendars are read', () => {
  it('is the slot with the gap around it', () => {
    expect(readingWindow(wish, defaultConflictRules)).toEqual({ from: slot.start, until: slot.end });
    expect(readingWindow(wish, rules)).toEqual({
      from: '2026-12-10T09:50:00.000Z',
      until: '2026-12-10T10:40:00.000Z',
    });
  });

  it('reaches a week further when other slots can be proposed', () => {
    expect(readingWindow(wish, { ...rules, policy: 'propose' })).toEqual({
      from: '2026-12-03T09:50:00.000Z',
      until: '2026-12-17T10:40:00.000Z',
    });
  });
});

describe('the rules for a command', () => {
  const overriding = { ...rules, policy: 'override' } as const;

  it('refuse conflicts when the caller may not override them', () => {
    expect(rulesFor(overriding).policy).toBe('refuse');
    expect(rulesFor(rules, { policy: 'override' }).policy).toBe('refuse');
    expect(rulesFor(overriding, { mayOverride: true }).policy).toBe('override');
  });

  it('are those of the audition with what the command replaces', () => {
    expect(rulesFor(rules, { policy: 'wait', waitFor: minute })).toEqual({
      ...rules,
      policy: 'wait',
      waitFor: minute,
    });
  });

  it('are the defaults for an audition of an earlier version', () => {
    expect(rulesFor(undefined)).toEqual(defaultConflictRules);
  });
});

describe('an event of a calendar', () => {
  it.each([
    ['busy', 'block', true],
    ['busy', 'ignore', true],
    ['tentative', 'block', true],
    ['tentative', 'ignore', false],
    ['free', 'block', false],
  ] as const)('that is %s takes its time under the rule %s: %s', (busy, tentative, expected) => {
    expect(takesTime(busy, { tentative })).toBe(expected);
  });

  const soon = { start: '2026-12-10T10:35:00.000Z', end: '2026-12-10T11:00:00.000Z' } as const;
  it.each([
    ['without a gap', {}, 'Studio 1', {}, false],
    ['within the buffer', { calendarBuffer: 10 * minute }, undefined, {}, true],
    ['exactly a buffer later', { calendarBuffer: 5 * minute }, undefined, {}, false],
    ['within the travel time of a slot in a room', { travel: 10 * minute }, 'Studio 1', {}, true],
    ['within the travel time of a slot by video', { travel: 10 * minute }, undefined, {}, false],
    [
      'in the calendar of the room, within the travel time',
      { travel: 10 * minute },
      'Studio 1',
      { isRoom: true },
      false,
    ],
  ])('%s conflicts with the slot or not', (_what, change, room, more, expected) => {
    const applied = { ...defaultConflictRules, ...change };
    expect(conflictsWithSlot(slot, room, { ...soon, ...more }, applied)).toBe(expected);
  });
});
