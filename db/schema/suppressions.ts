import { index, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { isUnkeyedHash } from './unkeyed-hashes.ts';

/**
 * The email addresses to which an organization sends nothing: a message to them bounced for good, or was reported as
 * spam. Contains hashes instead of addresses.
 */
export const suppressions = pgTable(
  'suppressions',
  {
    organization: text().notNull(),
    /** The keyed hash of the address, of `address-hashes.ts`. */
    address: text().notNull(),
    /** `bounced`, `complained` or `suppressed`: the code of the report. */
    reason: text().notNull(),
    /** The message that was reported. */
    deliveryId: text('delivery_id').notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.organization, table.address] }),
    // Finds the addresses that have no key.
    index('suppressions_with_unkeyed_address').on(table.address).where(isUnkeyedHash(table.address)),
  ],
);
