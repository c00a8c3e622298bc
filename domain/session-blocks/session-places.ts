/** Groups the sessions of a block by the rooms that they take place in. */
import { canonicalRoom } from '../audition/rooms.ts';
import type { RoomCalendar } from '../audition/slot.ts';
import type { Session } from './session-block.ts';

/** A room, or no room, with its sessions. */
export interface SessionPlace {
  readonly room?: string | undefined;
  /** The calendar of the room, when it is the wished one. */
  readonly roomCalendar?: RoomCalendar | undefined;
  readonly sessions: readonly Session[];
}

const nameOf = (room: string | undefined) => (room === undefined ? undefined : canonicalRoom(room));

/**
 * Returns one place for each room. A session without a room takes the wished one. The calendar of the wished room is not that of
 * another one.
 */
export const placesOfSessions = (
  sessions: readonly Session[],
  wished: Pick<SessionPlace, 'room' | 'roomCalendar'>,
): readonly SessionPlace[] => {
  const byRoom = Map.groupBy(sessions, ({ room = wished.room }) => nameOf(room));
  return [...byRoom].map(([name, ofRoom]) => {
    const room = ofRoom[0]?.room ?? wished.room;
    const hasCalendar =
      name !== undefined && name === nameOf(wished.room) && wished.roomCalendar !== undefined;
    return {
      ...(room === undefined ? {} : { room }),
      ...(hasCalendar ? { roomCalendar: wished.roomCalendar } : {}),
      sessions: ofRoom,
    };
  });
};
