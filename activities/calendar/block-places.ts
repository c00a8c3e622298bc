/** Finds where the slots of a session block are: at which times, in which room. */
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import { canonicalRoom } from '../../domain/audition/rooms.ts';
import type { SlotSpec } from '../../domain/audition/slot.ts';
import type { Session, SessionBlock } from '../../domain/session-blocks/session-block.ts';
import { slotsOfSession } from '../../domain/session-blocks/session-slots.ts';
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
  const byRoom = Map.groupBy(sessionsIn(block, window), ({ room = wish.room }: Session) =>
    room === undefined ? undefined : canonicalRoom(room),
  );
  return [...byRoom.values()].map((sessions) => {
    const ofRoom = withRoom(wish, sessions[0]?.room ?? wish.room);
    return {
      attempt: attemptFor(ofRoom),
      wish: ofRoom,
      slots: sessions
        .flatMap((session) => slotsOfSession(session, block.definition))
        .sort((a, b) => a.start.localeCompare(b.start)),
    };
  });
};

/** Returns the wish in this room. The calendar of another room is not the one of this room. */
const withRoom = (
  { room: wished, roomCalendar, ...wish }: WindowWish,
  room: string | undefined,
): WindowWish => {
  if (room === undefined) return wish;
  const isSame = wished !== undefined && canonicalRoom(wished) === canonicalRoom(room);
  return { ...wish, room, ...(isSame && roomCalendar ? { roomCalendar } : {}) };
};
