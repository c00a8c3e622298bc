import { describe, expect, it } from 'vitest';
import { hour, minute } from '../time/units.ts';
import { calendarGap, defaultConflictRules, gapToEvent, readingWindow, rulesFor } from './conflict-rules.ts';
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
