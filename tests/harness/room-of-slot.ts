/** Gives the present slot of an audition a room, as its claim does. */
import type { RoomCalendar } from '../../domain/audition/slot.ts';
import type { AuditionId } from '../../domain/ids.ts';
import type { TestDatabase } from './database.ts';

/** Changes the view only: facts that are appended later replace it. */
export const setRoomOfSlot = async (
  pool: TestDatabase['pool'],
  auditionId: AuditionId,
  room: RoomCalendar,
  revision: number,
): Promise<void> => {
  await pool.query(
    `UPDATE auditions SET view = jsonb_set(view || jsonb_build_object('revision', $3::int), '{slot,roomCalendar}', $2::jsonb)
     WHERE id = $1`,
    [auditionId, JSON.stringify(room), revision],
  );
};
