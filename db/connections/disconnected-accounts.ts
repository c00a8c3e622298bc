/** Finds accounts that must be reconnected and whose owners have not been notified. */
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import {
  type ConnectionId,
  connectionIdSchema,
  type OrganizationId,
  organizationIdSchema,
} from '../../domain/ids.ts';
import type { Database } from '../client.ts';

export interface DisconnectedAccount {
  readonly organization: OrganizationId;
  readonly id: ConnectionId;
  /** The notice's key in the ledger. Each time the account needs reauthorization, the key is different. */
  readonly noticeKey: string;
}

export interface DisconnectedAccounts {
  /**
   * Returns accounts without a notice, the longest waiting first. Excludes accounts whose notice is being sent, and
   * those where an operator was asked whether the notice was sent.
   */
  unnotified(limit: number): Promise<readonly DisconnectedAccount[]>;
}

const rowsSchema = z.array(
  z
    .object({ organization: organizationIdSchema, id: connectionIdSchema, notice_key: z.string() })
    .transform(({ notice_key: noticeKey, ...row }) => ({ ...row, noticeKey })),
);

/** Creates the repository. The notice key contains the version, which changes only when a credential is stored. */
export const createDisconnectedAccounts = (db: Database): DisconnectedAccounts => ({
  async unnotified(limit) {
    const { rows } = await db.execute(sql`
      SELECT fallen.organization, fallen.id, fallen.notice_key
      FROM (
        SELECT organization, id, updated_at, 'connection/' || id || ':reconnect-notice:' || version AS notice_key
        FROM connections WHERE status = 'needs_reauthorization'
      ) AS fallen
      LEFT JOIN operations ON operations.key = fallen.notice_key
      WHERE operations.key IS NULL
        OR (operations.state = 'open' AND operations.asked_by IS NULL
          AND coalesce(operations.lease_until <= now(), true))
      ORDER BY fallen.updated_at LIMIT ${limit}
    `);
    return rowsSchema.parse(rows);
  },
});
