import { pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

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
  (table) => [primaryKey({ columns: [table.organization, table.address] })],
);
