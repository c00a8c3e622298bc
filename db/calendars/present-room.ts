/**
 * Tells whether a booked room is that of the audition's slot. An operator can skip a booking, and the event of a participant can
 * have been written for another slot since: then the event still names the former room.
 */
import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import { roomCalendarSchema } from '../../domain/audition/slot.ts';
import type { AuditionId, ConnectionId } from '../../domain/ids.ts';
import { roomCalendarName } from '../../providers/calendar-names.ts';
import type { ReadStoredNames } from '../auditions/stored-names.ts';
import type { TrailTexts } from '../trail/trail-texts.ts';

/** Null: the view of the audition is not as late as the booking, so the booked room is that of the slot. */
export const presentRoomSchema = z
  .object({ room: roomCalendarSchema.nullable().describe('Null: the slot has no room with a calendar') })
  .nullable();

/** Selects the room of the slot. @param revision the revision of the slot for which the event was written last */
export const selectPresentRoom = (auditionId: SQL, revision: SQL): SQL => sql`(
  SELECT jsonb_build_object('room', nullif(view->'slot'->'roomCalendar', 'null'))
  FROM auditions WHERE auditions.id = ${auditionId} AND (view->>'revision')::int >= ${revision}
)`;

/** Returns whether the room is that of the slot. @param booked.room its stored calendar. Undefined: an earlier version has booked it */
export type IsPresentRoom = (
  auditionId: AuditionId,
  present: z.infer<typeof presentRoomSchema>,
  booked: { readonly connection: ConnectionId; readonly room: string | undefined },
) => Promise<boolean>;

/** Creates the comparison. The view has the address of the room sealed. */
export const createIsPresentRoom =
  (storedNames: ReadStoredNames, texts: Pick<TrailTexts, 'open'>): IsPresentRoom =>
  async (auditionId, present, booked) => {
    if (!present) return true;
    const { room } = present;
    if (!room || room.connection !== booked.connection) return false;
    if (booked.room === undefined) return true;
    const email = await texts.open(auditionId, room.email);
    return (await storedNames()).calendar(roomCalendarName({ ...room, email })) === booked.room;
  };
