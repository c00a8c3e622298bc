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
  // Keeps last month's key: a process whose clock is behind may still write under it.
  await db.execute(sql`
    DELETE FROM data_keys WHERE id LIKE 'inbox:%'
      AND id < 'inbox:' || to_char(now() AT TIME ZONE 'UTC' - interval '1 month', 'YYYY-MM')
      AND NOT EXISTS (SELECT FROM webhook_inbox WHERE data_key = data_keys.id)
  `);
  return deleted;
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
