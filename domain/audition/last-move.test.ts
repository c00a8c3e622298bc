import { describe, expect, it } from 'vitest';
import { slotIn } from '../../tests/harness/audition-plan.ts';
import { factsUntilScheduled, trail } from '../../tests/harness/audition-trail.ts';
import type { AuditionFact } from './events.ts';
import { lastMoveOf } from './last-move.ts';

const slot = slotIn(96, 0);
const moved: AuditionFact = { type: 'slot_moved', slot, revision: 2, origin: 'api' };
const reverted: AuditionFact = {
  type: 'move_reverted',
  slot,
  revision: 3,
  reason: 'outage',
  announcedAs: [1],
  answers: [],
};

/** Returns the position of the fact whose time is returned, counted from `scheduled`. */
const lastMoveAfter = (...facts: readonly AuditionFact[]): number | undefined => {
  const events = trail([...factsUntilScheduled('aud_1'), ...facts]);
  const at = lastMoveOf(events);
  return at === undefined ? undefined : events.findIndex((event) => event.at === at) - 6;
};

describe('lastMoveOf', () => {
  it('returns nothing for an audition that has never moved', () => {
    expect(lastMoveAfter()).toBeUndefined();
  });

  it('returns the time of the last move', () => {
    expect(lastMoveAfter(moved, { type: 'scheduled' }, moved)).toBe(2);
  });

  it('returns the time of the move before one that was reverted', () => {
    expect(lastMoveAfter(moved, reverted)).toBeUndefined();
    expect(lastMoveAfter(moved, { type: 'scheduled' }, moved, reverted)).toBe(0);
  });
});
