/** Gives the present slot of an audition a room, as its claim does. */
import { z } from 'zod';
import { auditionViewSchema } from '../../db/auditions/view-schema.ts';
import { createTrailTexts } from '../../db/trail/trail-texts.ts';
import type { RoomCalendar } from '../../domain/audition/slot.ts';
import type { AuditionId } from '../../domain/ids.ts';
import type { TestDatabase } from './database.ts';

const rowsSchema = z.tuple([z.object({ view: auditionViewSchema })]);

/** Changes the view only: facts that are appended later replace it. */
export const setRoomOfSlot = async (
  { pool, repositories: { vault } }: Pick<TestDatabase, 'pool' | 'repositories'>,
  auditionId: AuditionId,
  roomCalendar: RoomCalendar,
  revision: number,
): Promise<void> => {
  const texts = createTrailTexts(vault);
  const { rows } = await pool.query('SELECT view FROM auditions WHERE id = $1', [auditionId]);
  const [{ view }] = rowsSchema.parse(rows);
  const { slot, ...others } = await texts.openView(view);
  if (!slot) throw new Error(`the audition ${auditionId} has no slot`);
  const { room = 'Studio 2' } = slot;
  const sealed = await texts.sealView({ ...others, revision, slot: { ...slot, room, roomCalendar } });
  await pool.query('UPDATE auditions SET view = $2 WHERE id = $1', [auditionId, JSON.stringify(sealed)]);
};
