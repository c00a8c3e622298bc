/** Keys the hashes of calendars, rooms and places that an earlier version has stored. */
import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import { calendarPrefix } from '../../domain/audition/slot-resources.ts';
import type { Database } from '../client.ts';
import { isUnkeyedHash, isUnkeyedResource } from '../schema/unkeyed-hashes.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { sealFormerName } from './former-names.ts';
import type { StoredNames } from './stored-names.ts';

export interface UnkeyedNames {
  /** Keys all of them. Idempotent. Several processes can do this simultaneously. */
  key(names: StoredNames): Promise<void>;
}

const namesSchema = z.array(z.object({ name: z.string() }));
const failuresSchema = z.array(z.object({ connection: z.string(), calendars: z.array(z.string()) }));

/** Creates the repository. */
export const createUnkeyedNames = (db: Database, vault: Pick<Vault, 'seal'>): UnkeyedNames => {
  const find = async (query: SQL): Promise<readonly string[]> =>
    namesSchema.parse((await db.execute(query)).rows).map(({ name }) => name);

  /**
   * Keys one name in all tables in one transaction: until it commits, all rows of a calendar have the former name. Other processes
   * that key this name wait, because two of them could lock the rows in different orders.
   * @param statements each is repeated until it finds no row
   */
  const replace = (name: string, statements: readonly SQL[]): Promise<void> =>
    db.transaction(async (tx) => {
      await tx.execute(sql`SELECT pg_advisory_xact_lock(hashtextextended(${`key the name ${name}`}, 0))`);
      for (const statement of statements) while (((await tx.execute(statement)).rowCount ?? 0) > 0);
    });

  const keyResource = async (former: string, keyed: string): Promise<void> => {
    if (!former.startsWith(calendarPrefix)) return replace(former, [ofHolds(former, keyed)]);
    const sealed = await sealFormerName(vault, keyed, former);
    return replace(former, [ofHolds(former, keyed), ...ofCalendars(former, keyed, sealed)]);
  };

  /** The table has one row for each connection. The names in a row need not be in another table. */
  const keyFailures = async (names: StoredNames): Promise<void> => {
    const { rows } = await db.execute(sql`
      SELECT connection, calendars FROM connection_failures
      WHERE EXISTS (SELECT FROM unnest(calendars) AS calendar WHERE ${isUnkeyedResource(sql`calendar`)})
      ORDER BY connection
    `);
    for (const { connection, calendars } of failuresSchema.parse(rows)) {
      const keyed = calendars.map((calendar) => names.keyed(calendar));
      await db.execute(sql`
        UPDATE connection_failures SET calendars = ${sql.param(keyed)}::text[]
        WHERE connection = ${connection} AND calendars = ${sql.param(calendars)}::text[]
      `);
    }
  };

  return {
    async key(names) {
      for (;;) {
        const resources = await find(unkeyedResources);
        for (const former of resources) await keyResource(former, names.keyed(former));
        const places = await find(unkeyedPlaces);
        for (const former of places) await replace(former, [ofPlaces(former, names.keyedPlace(former))]);
        if (resources.length + places.length === 0) break;
      }
      await keyFailures(names);
    },
  };
};

/** Each part reads a partial index, which is empty once all rows are keyed. */
const unkeyedResources = sql`
  SELECT resource AS name FROM slot_holds WHERE ${isUnkeyedResource(sql`resource`)}
  UNION SELECT calendar FROM synced_calendars WHERE ${isUnkeyedResource(sql`calendar`)}
  UNION SELECT calendar FROM synced_events WHERE ${isUnkeyedResource(sql`calendar`)}
  UNION SELECT room_calendar FROM synced_events WHERE ${isUnkeyedResource(sql`room_calendar`)}
  UNION SELECT calendar FROM busy_calendars WHERE ${isUnkeyedResource(sql`calendar`)}
  UNION SELECT calendar FROM calendar_removals WHERE ${isUnkeyedResource(sql`calendar`)}
  UNION SELECT calendar FROM unreadable_events WHERE ${isUnkeyedResource(sql`calendar`)}
  UNION SELECT calendar_id FROM watch_subscriptions WHERE ${isUnkeyedResource(sql`calendar_id`)}
  ORDER BY name
`;

const unkeyedPlaces = sql`SELECT DISTINCT place AS name FROM slot_holds WHERE ${isUnkeyedHash(sql`place`)} ORDER BY name`;

const ofPlaces = (former: string, keyed: string): SQL => sql`
  UPDATE slot_holds SET place = ${keyed} WHERE place = ${former} AND ${isUnkeyedHash(sql`place`)}
`;

/** Selects the rows with the name. The second condition permits the use of the partial index. */
const has = (column: SQL, former: string): SQL => sql`${column} = ${former} AND ${isUnkeyedResource(column)}`;

const ofHolds = (former: string, keyed: string): SQL =>
  sql`UPDATE slot_holds SET resource = ${keyed} WHERE ${has(sql`resource`, former)}`;

/** @param sealed the sealed former name: the ids of the calendars were sealed with it in their context */
const ofCalendars = (former: string, keyed: string, sealed: string): readonly SQL[] => {
  const isFormer = has(sql`calendar`, former);
  return [
    sql`UPDATE synced_calendars SET calendar = ${keyed}, sealed_former_name = ${sealed} WHERE ${isFormer}`,
    sql`UPDATE busy_calendars SET calendar = ${keyed}, sealed_former_name = ${sealed} WHERE ${isFormer}`,
    ofEvents(sql`calendar`, former, keyed),
    ofEvents(sql`room_calendar`, former, keyed),
    sql`UPDATE calendar_removals SET calendar = ${keyed} WHERE ${isFormer}`,
    sql`UPDATE unreadable_events SET calendar = ${keyed} WHERE ${isFormer}`,
    sql`UPDATE watch_subscriptions SET calendar_id = ${keyed} WHERE ${has(sql`calendar_id`, former)}`,
  ];
};

/** A calendar can have more events than one statement can change within its timeout. */
const mostEvents = 2_000;

const ofEvents = (column: SQL, former: string, keyed: string): SQL => sql`
  UPDATE synced_events SET ${column} = ${keyed} WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM synced_events WHERE ${has(column, former)} LIMIT ${mostEvents}
  ))
`;
