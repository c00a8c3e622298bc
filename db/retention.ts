/** What is cleared away after a time. */
import { sql } from 'drizzle-orm';
import type { Database } from './connection.ts';

/** So few that a statement stays far from its timeout, and holds up nobody. */
const batchSize = 5_000;

/**
 * Deletes the answers to commands that nobody will repeat any more; answers with how many.
 *
 * Those to requests for an audition stay: the audition's id follows from the key, so that the key is its name for as
 * long as there is the audition. Another request under a forgotten key would get the old audition for an answer.
 */
export const deleteOldAnswers = async (db: Database, olderThanDays: number): Promise<number> => {
  let deleted = 0;
  for (;;) {
    const { rowCount } = await db.execute(sql`
      DELETE FROM idempotent_requests WHERE (organization, key) IN (
        SELECT organization, key FROM idempotent_requests
        WHERE created_at < now() - ${olderThanDays} * interval '1 day' AND key NOT LIKE 'POST /v1/auditions %'
        LIMIT ${batchSize}
      )
    `);
    deleted += rowCount ?? 0;
    if ((rowCount ?? 0) < batchSize) return deleted;
  }
};
