/** Accounts that have to be connected again, and whose owners have not been told so. */
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
  /** The key of the notice in the ledger: one for each time the account fell out. */
  readonly noticeKey: string;
}

export interface DisconnectedAccounts {
  /** The longest waiting first. None that somebody is telling, or of which nobody can say whether they were told. */
  unnotified(limit: number): Promise<readonly DisconnectedAccount[]>;
}

const rowsSchema = z.array(
  z
    .object({ organization: organizationIdSchema, id: connectionIdSchema, notice_key: z.string() })
    .transform(({ notice_key: noticeKey, ...row }) => ({ ...row, noticeKey })),
);

/** The version changes with each credential that is stored, and not while there is none. */
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
