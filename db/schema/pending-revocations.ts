import { sql } from 'drizzle-orm';
import { index, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

/** OAuth grants of disconnected accounts that must still be revoked at the provider. */
export const pendingRevocations = pgTable(
  'pending_revocations',
  {
    /** Also the id of the data key that the refresh token is sealed under. */
    id: text().primaryKey(),
    organization: text().notNull(),
    provider: text().notNull(),
    connection: text().notNull(),
    /** The account of the grant, as in `connections`. Null in rows of earlier versions. */
    providerAccount: text('provider_account'),
    sealedRefreshToken: text('sealed_refresh_token').notNull(),
    correlationId: text('correlation_id').notNull(),
    attempts: integer().notNull().default(0),
    /** Moved forward by each claim. By the database's clock. */
    nextAttemptAt: instant('next_attempt_at').notNull(),
    /**
     * When the provider revoked the grant. The row then has no token, and is deleted ten minutes later: an account that is
     * connected until then can have received its grant before the revocation, which ended it.
     */
    revokedAt: instant('revoked_at'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    index('pending_revocations_due').on(table.nextAttemptAt),
    index('pending_revocations_revoked').on(table.revokedAt).where(sql`revoked_at IS NOT NULL`),
    index('pending_revocations_account').on(table.providerAccount),
  ],
);
