/** What is cleared away after a time. */
import { type SQL, sql } from 'drizzle-orm';
import type { Database } from './client.ts';

/** So few that a statement stays far from its timeout, and holds up nobody. */
const batchSize = 5_000;

/**
 * Deletes the answers to commands that nobody will repeat any more; answers with how many.
 *
 * Those to requests for an audition stay: the audition's id follows from the key, so that the key is its name for as
 * long as there is the audition. Another request under a forgotten key would get the old audition for an answer.
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

/** What nobody has taken stays this much longer: a person may still come to replay it. */
const parkedRetentionFactor = 3;

/**
 * Deletes the webhooks that were told on, and much later those that nobody took; answers with how many. A data key
 * whose month is over and whose rows are gone goes with them: what it sealed is unreadable in every backup, too.
 *
 * A webhook that is repeated after that is taken for a new one. Vendors repeat theirs for hours.
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
  // Two months back: a process whose clock is behind may still write under last month's.
  await db.execute(sql`
    DELETE FROM data_keys WHERE id LIKE 'inbox:%'
      AND id < 'inbox:' || to_char(now() AT TIME ZONE 'UTC' - interval '1 month', 'YYYY-MM')
      AND NOT EXISTS (SELECT FROM webhook_inbox WHERE data_key = data_keys.id)
  `);
  return deleted;
};

/**
 * Deletes the notes of credentials that were read more than a year ago; answers with how many. Younger ones the database
 * gives to nobody. By the primary key, which goes with time: the oldest are looked at, and no more.
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
