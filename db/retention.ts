/** Deletes rows that are past their retention. */
import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import { erasedResponse } from './access/idempotent-requests.ts';
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

/**
 * Erases the responses to audition requests that are older than `olderThanDays`. Returns how many. Their keys stay, so that a
 * repeated request is recognized.
 */
export const eraseOldAuditionResponses = (db: Database, olderThanDays: number): Promise<number> =>
  deleteInBatches(
    db,
    sql`
      UPDATE idempotent_requests SET body = ${JSON.stringify(erasedResponse)}::jsonb WHERE (organization, key) IN (
        SELECT organization, key FROM idempotent_requests
        WHERE created_at < now() - ${olderThanDays} * interval '1 day' AND key LIKE 'POST /v1/auditions %'
          AND status IS NOT NULL AND status <> 202 AND body <> ${JSON.stringify(erasedResponse)}::jsonb
        LIMIT ${batchSize}
      )
    `,
  );

/**
 * Deletes the counts of messages of past days. Returns how many. A notice that is sent again later counts for the day on
 * which it is sent.
 */
export const deleteOldMessageCharges = async (db: Database, olderThanDays: number): Promise<number> => {
  const isOld = sql`day < (now() AT TIME ZONE 'UTC')::date - ${olderThanDays}::int`;
  await deleteInBatches(
    db,
    sql`
      DELETE FROM message_budget_days WHERE (organization, channel, day) IN (
        SELECT organization, channel, day FROM message_budget_days WHERE ${isOld} LIMIT ${batchSize}
      )
    `,
  );
  return deleteInBatches(
    db,
    sql`
      DELETE FROM message_charges WHERE key IN (SELECT key FROM message_charges WHERE ${isOld} LIMIT ${batchSize})
    `,
  );
};

/** Parked webhooks are kept this many times longer than delivered ones, so that an operator can replay them. */
const parkedRetentionFactor = 3;

/**
 * Deletes delivered webhooks after `olderThanDays`, and parked ones after three times as long. Returns how many. Also
 * deletes the contents of webhooks an hour after their delivery, and the data keys that seal none any more. This makes them
 * unreadable in backups.
 *
 * A webhook that the vendor repeats after its deletion counts as new. Vendors repeat webhooks for hours, not for days.
 */
export const deleteOldWebhooks = async (
  db: Database,
  keys: Database,
  olderThanDays: number,
): Promise<number> => {
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
  await deleteDeliveredContents(db, keys);
  return deleted;
};

/**
 * Deletes the contents of webhooks that were delivered more than an hour ago, and the data keys of past hours that seal no
 * content any more. The rows stay, so that a repeated webhook is recognized.
 */
export const deleteDeliveredContents = async (db: Database, keys: Database): Promise<void> => {
  await deleteInBatches(
    db,
    sql`
      UPDATE webhook_inbox SET sealed_event = '', data_key = '' WHERE id IN (
        SELECT id FROM webhook_inbox
        WHERE state = 'delivered' AND data_key <> '' AND settled_at < now() - interval '1 hour'
        LIMIT ${batchSize}
      )
    `,
  );
  await deleteUnusedKeys(db, keys, {
    prefix: 'inbox:',
    // A process whose clock is behind, or that still has the key in memory, may write under the key of the last hour.
    before: sql`to_char(now() AT TIME ZONE 'UTC' - interval '1 hour', 'YYYY-MM-DD"T"HH24')`,
    table: sql`webhook_inbox`,
  });
};

/**
 * Deletes holds of slots that ended more than `olderThanDays` ago, whatever became of their auditions. Returns how many.
 * Also deletes the fences of auditions without holds that have not changed for as long: no attempt is that late. What their
 * slots were compared with, and the UIDs of their events, are deleted with the fences. Removals of events that began as long ago
 * are forgotten: their calendars were not read again.
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
      DELETE FROM busy_calendars WHERE (audition_id, participant, connection, calendar) IN (
        SELECT audition_id, participant, connection, calendar FROM busy_calendars
        WHERE NOT EXISTS (SELECT FROM slot_fences WHERE slot_fences.audition_id = busy_calendars.audition_id)
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
  await deleteInBatches(
    db,
    sql`
      DELETE FROM calendar_removals WHERE id IN (
        SELECT id FROM calendar_removals
        WHERE begun_at < now() - ${olderThanDays} * interval '1 day' LIMIT ${batchSize}
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
export const deleteOldOperations = async (
  db: Database,
  keys: Database,
  olderThanDays: number,
): Promise<number> => {
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
  await deleteUnusedKeys(db, keys, {
    prefix: 'ledger:',
    // Keeps last month's key: a process whose clock is behind may still write under it.
    before: sql`to_char(now() AT TIME ZONE 'UTC' - interval '1 month', 'YYYY-MM')`,
    table: sql`(SELECT data_key FROM operations UNION ALL SELECT data_key FROM busy_calendars) AS sealed`,
  });
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
 * Deletes the join links, with their uses, and the links in invitations of auditions that were closed more than
 * `olderThanDays` ago. Returns how many links. A deleted link looks like one that never existed.
 */
export const deleteOldLinks = async (db: Database, olderThanDays: number): Promise<number> => {
  let deleted = 0;
  for (const [links, key] of [
    [sql.identifier('join_links'), sql.identifier('id')],
    [sql.identifier('response_links'), sql.identifier('digest')],
  ] as const) {
    deleted += await deleteInBatches(
      db,
      sql`
        DELETE FROM ${links} WHERE ${key} IN (
          SELECT links.${key} FROM ${links} AS links JOIN auditions ON auditions.id = links.audition_id
          WHERE ${closedBefore(olderThanDays)} LIMIT ${batchSize}
        )
      `,
    );
  }
  return deleted;
};

const closedBefore = (days: number): SQL => sql`(
  auditions.state = 'closed' AND (auditions.view ->> 'stateSince')::timestamptz < now() - ${days} * interval '1 day'
)`;

interface PeriodKeys {
  readonly prefix: 'inbox:' | 'ledger:';
  /** The first period whose key is kept, as in the ids. */
  readonly before: SQL;
  readonly table: SQL;
}

/** Deletes the data keys of past periods that seal no row any more. */
const deleteUnusedKeys = async (
  db: Database,
  keys: Database,
  { prefix, before, table }: PeriodKeys,
): Promise<void> => {
  const { rows: old } = await keys.execute(
    sql`SELECT id FROM data_keys WHERE starts_with(id, ${prefix}) AND id < ${prefix} || ${before}`,
  );
  if (old.length === 0) return;
  const ids = keyIdsSchema.parse(old).map(({ id }) => id);
  const { rows: used } = await db.execute(
    sql`SELECT DISTINCT data_key AS id FROM ${table} WHERE data_key = ANY (${sql.param(ids)}::text[])`,
  );
  const inUse = new Set(keyIdsSchema.parse(used).map(({ id }) => id));
  const unused = ids.filter((id) => !inUse.has(id));
  await keys.execute(sql`DELETE FROM data_keys WHERE id = ANY (${sql.param(unused)}::text[])`);
};

const keyIdsSchema = z.array(z.object({ id: z.string() }));

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
