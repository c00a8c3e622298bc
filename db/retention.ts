/** Deletes rows that are past their retention. */
import { type SQL, sql } from 'drizzle-orm';
import type { Database } from './client.ts';

/** Rows per statement: few enough that a statement ends long before its timeout and blocks no other query for long. */
const batchSize = 5_000;

/**
 * Deletes old responses that were stored for `Idempotency-Key`s. Returns how many.
 *
 * Responses to audition requests are kept: the audition's id is derived from the key. If the key were deleted, a
 * different request under the same key would return the old audition.
 */
export const deleteOldIdempotentRequests = (db: Database, olderThanDays: number): Promise<number> =>
  deleteInBatches(
    db,
    sql`
      DELETE FROM idempotent_requests WHERE (organization, key) IN (
        SELECT organization, key FROM idempotent_requests
        WHERE created_at < now() - ${olderThanDays} * interval '1 day' AND key NOT LIKE 'POST /v1/auditions %'
        LIMIT ${batchSize}
      )
    `,
  );

/** Parked webhooks are kept this many times longer than delivered ones, so that an operator can replay them. */
const parkedRetentionFactor = 3;

/**
 * Deletes delivered webhooks after `olderThanDays`, and parked ones after three times as long. Returns how many. Also
 * deletes the data keys of past months that seal no row any more. This makes the deleted rows unreadable in backups.
 *
 * A webhook that the vendor repeats after its deletion counts as new. Vendors repeat webhooks for hours, not for days.
 */
export const deleteOldWebhooks = async (db: Database, olderThanDays: number): Promise<number> => {
  const deleted = await deleteInBatches(
    db,
    sql`
      DELETE FROM webhook_inbox WHERE id IN (
        SELECT id FROM webhook_inbox
        WHERE (state = 'delivered' AND settled_at < now() - ${olderThanDays} * interval '1 day')
          OR (state = 'parked' AND settled_at < now() - ${olderThanDays * parkedRetentionFactor} * interval '1 day')
        LIMIT ${batchSize}
      )
    `,
  );
  await deleteUnusedMonthlyKeys(db, 'inbox', sql`webhook_inbox`);
  return deleted;
};

/**
 * Deletes holds of slots that ended more than `olderThanDays` ago, whatever became of their auditions. Returns how many.
 * Also deletes the fences of auditions without holds that have not changed for as long: no attempt is that late. What their
 * slots were compared with, and the UIDs of their events, are deleted with the fences.
 */
export const deleteOldHolds = async (db: Database, olderThanDays: number): Promise<number> => {
  const deleted = await deleteInBatches(
    db,
    sql`
      DELETE FROM slot_holds WHERE (audition_id, claim, resource) IN (
        SELECT audition_id, claim, resource FROM slot_holds
        WHERE upper(during) < now() - ${olderThanDays} * interval '1 day' LIMIT ${batchSize}
      )
    `,
  );
  await deleteInBatches(
    db,
    sql`
      DELETE FROM slot_fences WHERE audition_id IN (
        SELECT audition_id FROM slot_fences
        WHERE updated_at < now() - ${olderThanDays} * interval '1 day'
          AND NOT EXISTS (SELECT FROM slot_holds WHERE slot_holds.audition_id = slot_fences.audition_id)
        LIMIT ${batchSize}
      ) AND updated_at < now() - ${olderThanDays} * interval '1 day'
    `,
  );
  await deleteInBatches(
    db,
    sql`
      DELETE FROM participant_conflicts WHERE (audition_id, participant) IN (
        SELECT audition_id, participant FROM participant_conflicts
        WHERE NOT EXISTS (SELECT FROM slot_fences WHERE slot_fences.audition_id = participant_conflicts.audition_id)
        LIMIT ${batchSize}
      )
    `,
  );
  await deleteInBatches(
    db,
    sql`
      DELETE FROM own_event_uids WHERE (audition_id, uid) IN (
        SELECT audition_id, uid FROM own_event_uids
        WHERE NOT EXISTS (SELECT FROM slot_fences WHERE slot_fences.audition_id = own_event_uids.audition_id)
        LIMIT ${batchSize}
      )
    `,
  );
  return deleted;
};

/**
 * Deletes the claims on meeting hosts whose time ended more than a day ago, and those of meetings that were undone. Returns
 * how many. The removal of a meeting releases its claims; this deletes what a crash in between has left.
 */
export const deleteOldHostClaims = (db: Database): Promise<number> =>
  deleteInBatches(
    db,
    sql`
      DELETE FROM meeting_host_claims WHERE (key, revision) IN (
        SELECT meeting_host_claims.key, revision
        FROM meeting_host_claims JOIN operations ON operations.key = meeting_host_claims.key
        WHERE upper(during) < now() - interval '1 day' OR operations.state = 'undone' LIMIT ${batchSize}
      )
    `,
  );

/**
 * Deletes the ledger rows of auditions that were closed more than `olderThanDays` ago, and rows of that age that belong to
 * no audition. Those of the room of a casting session follow when the rows of all its auditions are deleted. Returns how many.
 * Also deletes the data keys of past months that seal no row any more.
 *
 * A step whose row is deleted would be performed again if its workflow still ran. Choose a period that is longer than
 * an audition can be reopened, and than Temporal keeps its workflows.
 */
export const deleteOldOperations = async (db: Database, olderThanDays: number): Promise<number> => {
  const deleted = await deleteInBatches(
    db,
    sql`
      DELETE FROM operations WHERE key IN (
        SELECT key FROM operations LEFT JOIN auditions ON auditions.id = operations.audition_id
        WHERE operations.started_at < now() - ${olderThanDays} * interval '1 day'
          AND (operations.audition_id IS NULL OR ${closedBefore(olderThanDays)} OR ${isOfUnusedRoom})
        LIMIT ${batchSize}
      )
    `,
  );
  await deleteInBatches(
    db,
    sql`
      DELETE FROM session_rooms WHERE (session, number) IN (
        SELECT session, number FROM session_rooms
        WHERE NOT EXISTS (SELECT FROM operations WHERE operations.key = session_rooms.key)
          AND NOT EXISTS (SELECT FROM session_room_uses AS used WHERE used.session = session_rooms.session)
        LIMIT ${batchSize}
      )
    `,
  );
  await deleteUnusedMonthlyKeys(db, 'ledger', sql`operations`);
  return deleted;
};

/** An audition's use of a room is deleted with its row in the ledger. */
const isOfUnusedRoom: SQL = sql`(
  starts_with(operations.audition_id, 'ses_')
    AND NOT EXISTS (SELECT FROM session_room_uses AS used WHERE used.session = operations.audition_id)
)`;

/**
 * Deletes the deliveries of auditions that were closed more than `olderThanDays` ago. Returns how many. The API then shows
 * the notices of such an audition as `queued`, unless they failed: the trail contains failures only. Later reports of the
 * provider about such a message are parked.
 */
export const deleteOldDeliveries = (db: Database, olderThanDays: number): Promise<number> =>
  deleteInBatches(
    db,
    sql`
      DELETE FROM deliveries WHERE id IN (
        SELECT deliveries.id FROM deliveries JOIN auditions ON auditions.id = deliveries.audition_id
        WHERE ${closedBefore(olderThanDays)} LIMIT ${batchSize}
      )
    `,
  );

/**
 * Deletes the entries of waiting lists of auditions that were closed more than `olderThanDays` ago. Returns how many. The
 * administrative acts of the admissions stay.
 */
export const deleteOldWaitingEntries = (db: Database, olderThanDays: number): Promise<number> =>
  deleteInBatches(
    db,
    sql`
      DELETE FROM waiting_entries WHERE (audition_id, participant, revision) IN (
        SELECT audition_id, participant, revision
        FROM waiting_entries JOIN auditions ON auditions.id = waiting_entries.audition_id
        WHERE ${closedBefore(olderThanDays)} LIMIT ${batchSize}
      )
    `,
  );

/**
 * Deletes the join links, with their uses, of auditions that were closed more than `olderThanDays` ago. Returns how many
 * links. A deleted link looks like one that never existed.
 */
export const deleteOldJoinLinks = (db: Database, olderThanDays: number): Promise<number> =>
  deleteInBatches(
    db,
    sql`
      DELETE FROM join_links WHERE id IN (
        SELECT join_links.id FROM join_links JOIN auditions ON auditions.id = join_links.audition_id
        WHERE ${closedBefore(olderThanDays)} LIMIT ${batchSize}
      )
    `,
  );

const closedBefore = (days: number): SQL => sql`(
  auditions.state = 'closed' AND (auditions.view ->> 'stateSince')::timestamptz < now() - ${days} * interval '1 day'
)`;

/**
 * Deletes the data keys of past months that seal no row any more. Keeps last month's key: a process whose clock is behind
 * may still write under it.
 */
const deleteUnusedMonthlyKeys = async (
  db: Database,
  owner: 'inbox' | 'ledger',
  table: SQL,
): Promise<void> => {
  await db.execute(sql`
    DELETE FROM data_keys WHERE id LIKE ${`${owner}:%`}
      AND id < ${`${owner}:`} || to_char(now() AT TIME ZONE 'UTC' - interval '1 month', 'YYYY-MM')
      AND NOT EXISTS (SELECT FROM ${table} AS sealed WHERE sealed.data_key = data_keys.id)
  `);
};

/**
 * Deletes records of credential reads that are older than a year. Returns how many. A trigger refuses to delete
 * younger ones. Reads the table by its primary key, which increases with time, so only the oldest rows are scanned.
 */
export const deleteOldCredentialReads = (db: Database): Promise<number> =>
  deleteInBatches(
    db,
    sql`
      DELETE FROM credential_reads WHERE id IN (
        SELECT id FROM (SELECT id, at FROM credential_reads ORDER BY id LIMIT ${batchSize}) AS oldest
        WHERE at < now() - interval '1 year'
      )
    `,
  );

/**
 * Repeats a statement until it deletes fewer than `batchSize` rows. Returns how many rows were deleted in total.
 * @param statement deletes at most `batchSize` rows.
 */
const deleteInBatches = async (db: Database, statement: SQL): Promise<number> => {
  let deleted = 0;
  for (;;) {
    const { rowCount } = await db.execute(statement);
    deleted += rowCount ?? 0;
    if ((rowCount ?? 0) < batchSize) return deleted;
  }
};
