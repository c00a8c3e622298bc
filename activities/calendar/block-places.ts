/** Finds where the slots of a session block are: at which times, in which room. */
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import type { SlotSpec } from '../../domain/audition/slot.ts';
import type { SessionBlock } from '../../domain/session-blocks/session-block.ts';
import { placesOfSessions } from '../../domain/session-blocks/session-places.ts';
import { slotsOfSessions } from '../../domain/session-blocks/session-slots.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import { sessionsIn } from '../../providers/icalendar/session-occurrences.ts';
import type { ClaimAttempt } from './slot-claimer.ts';

type WindowWish = Extract<SlotSpec, { readonly kind: 'window' }>;

/** Where a search can find a slot: one room, or no room. */
export interface SlotPlace {
  /** Holds a slot here. */
  readonly attempt: ClaimAttempt;
  /** The wish with the room. */
  readonly wish: WindowWish;
  /** The slots that can be chosen, the earliest first. Undefined: any time in the window. */
  readonly slots?: readonly TimeRange[] | undefined;
}

/**
 * Returns one place for each room in which the block has sessions in the window. None, when the block was cancelled. Each
 * attempt reads the block: a change of it counts immediately.
 * @param attemptFor returns the attempt that holds a slot in the room of the wish
 */
export const placesInBlock = (
  block: SessionBlock | undefined,
  wish: WindowWish,
  attemptFor: (wish: WindowWish) => ClaimAttempt,
): readonly SlotPlace[] => {
  if (!block) return [];
  const window = { start: toEpochMs(wish.earliest), end: toEpochMs(wish.latest) };
  const { room: _room, roomCalendar: _calendar, ...anywhere } = wish;
  return placesOfSessions(sessionsIn(block, window), wish).map(({ sessions, ...place }) => {
    const ofRoom = { ...anywhere, ...place };
    return {
      attempt: attemptFor(ofRoom),
      wish: ofRoom,
      slots: slotsOfSessions(sessions, block.definition),
    };
  });
};
