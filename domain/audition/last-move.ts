/** Returns from the trail when the audition moved to its present slot. */
import type { Instant } from '../time/instant.ts';
import type { AuditionEvent } from './events.ts';

/**
 * Returns when the audition moved to its present slot. A move that was reverted does not count. Returns undefined when the
 * audition has never moved.
 */
export const lastMoveOf = (events: readonly AuditionEvent[]): Instant | undefined =>
  events
    .reduce<readonly Instant[]>(
      (moves, { at, fact }) =>
        fact.type === 'slot_moved'
          ? [...moves, at]
          : fact.type === 'move_reverted'
            ? moves.slice(0, -1)
            : moves,
      [],
    )
    .at(-1);
