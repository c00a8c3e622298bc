import { index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { timeRange } from './columns.ts';
import { operations } from './operations.ts';
import { isUnkeyedHash } from './unkeyed-hashes.ts';

/**
 * The times at which a host of an organization has a meeting. The exclusion constraint
 * `meeting_host_claims_no_double_booking` keeps two auditions from using one host at overlapping times. It is in a custom
 * migration because Drizzle cannot express it.
 */
export const meetingHostClaims = pgTable(
  'meeting_host_claims',
  {
    /** The operation that creates the meeting. Its row in the ledger decides whether a claim is possible. */
    key: text()
      .notNull()
      .references(() => operations.key, { onDelete: 'cascade' }),
    /** The revision of the slot. While a meeting is moved, it has its old and its new time. */
    revision: integer().notNull(),
    auditionId: text('audition_id').notNull(),
    vendor: text().notNull(),
    /** The keyed hash of the account at the vendor (`host-hashes.ts`), because the account is usually an email address. */
    host: text().notNull(),
    during: timeRange().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.key, table.revision] }),
    // Finds the hosts that have no key.
    index('meeting_host_claims_with_unkeyed_host').on(table.host).where(isUnkeyedHash(table.host)),
  ],
);
