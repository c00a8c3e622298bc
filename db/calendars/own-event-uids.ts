/** Stores the UIDs of our events for as long as their auditions live, so that old copies are recognized. */
import { eq, sql } from 'drizzle-orm';
import type { AuditionId } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { ownEventUids } from '../schema/own-event-uids.ts';

interface OwnEventUid {
  readonly auditionId: AuditionId;
  readonly uid: string;
}

/** Adds the UIDs. Idempotent. The order prevents deadlocks. */
export const keepUids = async (
  db: Pick<Database, 'execute'>,
  uids: readonly OwnEventUid[],
): Promise<void> => {
  if (uids.length === 0) return;
  await db.execute(sql`
    INSERT INTO own_event_uids (audition_id, uid)
    SELECT DISTINCT "auditionId", uid FROM json_to_recordset(${JSON.stringify(uids)}::json) AS kept ("auditionId" text, uid text)
    ORDER BY 1, 2
    ON CONFLICT DO NOTHING
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
