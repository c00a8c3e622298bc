/** Changes the rows of a calendar to what a version of this service has stored that had no key for names. */
import { z } from 'zod';
import { sha256 } from '../../db/digest.ts';
import { calendarPrefix, roomPrefix } from '../../domain/audition/slot-resources.ts';
import type { TestDatabase } from './database.ts';
import { asEarlierVersion } from './earlier-version.ts';

/** Returns the name of a calendar that this version has stored. */
export const nameWithoutKey = (calendarName: string): string => `${calendarPrefix}${sha256(calendarName)}`;

const syncedSchema = z.array(z.object({ connection: z.string(), sealed: z.string() }));
const busySchema = z.array(
  z.object({
    auditionId: z.string(),
    participant: z.string(),
    connection: z.string(),
    dataKey: z.string(),
    sealed: z.string(),
  }),
);

/** Changes all rows of the calendar. Returns the name that they have now. @param calendarName its canonical name */
export const storeWithoutKey = async (
  { pool, repositories }: Pick<TestDatabase, 'pool' | 'repositories'>,
  calendarName: string,
): Promise<string> => {
  const { vault, storedNames } = repositories;
  const keyed = (await storedNames()).calendar(calendarName);
  const plain = nameWithoutKey(calendarName);
  const sealAgain = async (dataKey: string, sealed: string, contextOf: (name: string) => string) =>
    vault.seal(dataKey, await vault.open(dataKey, sealed, contextOf(keyed)), contextOf(plain));
  const synced = await pool.query(
    `SELECT connection, sealed_id AS sealed FROM synced_calendars WHERE calendar = $1 AND sealed_id <> ''`,
    [keyed],
  );
  const busy = await pool.query(
    `SELECT audition_id AS "auditionId", participant, connection, data_key AS "dataKey", sealed_calendar_id AS sealed
     FROM busy_calendars WHERE calendar = $1`,
    [keyed],
  );
  await asEarlierVersion(pool, async (client) => {
    for (const { connection, sealed } of syncedSchema.parse(synced.rows)) {
      const again = await sealAgain(connection, sealed, (name) => `id of ${name} of ${connection}`);
      await client.query(
        'UPDATE synced_calendars SET sealed_id = $1 WHERE connection = $2 AND calendar = $3',
        [again, connection, keyed],
      );
    }
    for (const { auditionId, participant, connection, dataKey, sealed } of busySchema.parse(busy.rows)) {
      const row = `${auditionId} ${participant} ${connection}`;
      const again = await sealAgain(dataKey, sealed, (name) => `busy_calendars ${row} ${name}`);
      await client.query(
        `UPDATE busy_calendars SET sealed_calendar_id = $1
         WHERE audition_id = $2 AND participant = $3 AND connection = $4 AND calendar = $5`,
        [again, auditionId, participant, connection, keyed],
      );
    }
    for (const [table, column] of namedColumns)
      await client.query(`UPDATE ${table} SET ${column} = $1 WHERE ${column} = $2`, [plain, keyed]);
    await client.query('UPDATE connection_failures SET calendars = array_replace(calendars, $2, $1)', [
      plain,
      keyed,
    ]);
  });
  return plain;
};

const namedColumns = [
  ['slot_holds', 'resource'],
  ['synced_calendars', 'calendar'],
  ['synced_events', 'calendar'],
  ['synced_events', 'room_calendar'],
  ['busy_calendars', 'calendar'],
  ['calendar_removals', 'calendar'],
  ['unreadable_events', 'calendar'],
  ['watch_subscriptions', 'calendar_id'],
] as const;

/** Changes the holds of a room, and of slots in this place. @param room its canonical name @param place see `placeOf` */
export const storeRoomWithoutKey = async (
  { pool, repositories }: Pick<TestDatabase, 'pool' | 'repositories'>,
  room: string,
  place: string,
): Promise<void> => {
  const names = await repositories.storedNames();
  await asEarlierVersion(pool, async (client) => {
    await client.query('UPDATE slot_holds SET resource = $1 WHERE resource = $2', [
      `${roomPrefix}${sha256(room)}`,
      names.resource(`${roomPrefix}${room}`),
    ]);
    await client.query('UPDATE slot_holds SET place = $1 WHERE place = $2', [
      sha256(place),
      names.place(place),
    ]);
  });
};
