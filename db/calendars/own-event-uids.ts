/** Stores the UIDs of our events for as long as their auditions live, so that old copies are recognized. */
import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { type AuditionId, auditionIdSchema } from '../../domain/ids.ts';
import type { EventCreation } from '../../providers/ports.ts';
import type { Database } from '../client.ts';
import { ownEventUids } from '../schema/own-event-uids.ts';

interface OwnEventUid {
  readonly auditionId: AuditionId;
  readonly uid: string;
  /** The id of the creation (`EventCreation`), if the vendor tells copies by it. */
  readonly creation?: string | undefined;
}

/** Adds the UIDs. Idempotent. The order prevents deadlocks. */
export const keepUids = async (
  db: Pick<Database, 'execute'>,
  uids: readonly OwnEventUid[],
): Promise<void> => {
  if (uids.length === 0) return;
  await db.execute(sql`
    INSERT INTO own_event_uids AS known (audition_id, uid, creation)
    SELECT "auditionId", uid, max(creation)
    FROM json_to_recordset(${JSON.stringify(uids)}::json) AS kept ("auditionId" text, uid text, creation text)
    GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (audition_id, uid) DO UPDATE SET creation = excluded.creation
      WHERE known.creation IS NULL AND excluded.creation IS NOT NULL
  `);
};

/** Returns all UIDs of the events of the audition. */
export const findUids = async (db: Database, auditionId: AuditionId): Promise<ReadonlySet<string>> => {
  const rows = await db
    .select({ uid: ownEventUids.uid })
    .from(ownEventUids)
    .where(eq(ownEventUids.auditionId, auditionId));
  return new Set(rows.map(({ uid }) => uid));
};

/** The creations of events of each audition. */
export type KnownCreations = ReadonlyMap<AuditionId, readonly EventCreation[]>;

const creationSchema = z.object({ auditionId: auditionIdSchema, id: z.string(), uid: z.string() });

/** Returns the known creations of events of the auditions, former events included. */
export const findCreations = async (
  db: Pick<Database, 'execute'>,
  auditions: readonly AuditionId[],
): Promise<KnownCreations> => {
  const { rows } = await db.execute(sql`
    SELECT audition_id AS "auditionId", creation AS id, uid FROM own_event_uids
    WHERE audition_id = ANY(${sql.param([...new Set(auditions)])}::text[]) AND creation IS NOT NULL
  `);
  const found = rows.map((row) => creationSchema.parse(row));
  return Map.groupBy(found, ({ auditionId }) => auditionId);
};
