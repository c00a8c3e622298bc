import { index, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

/**
 * Data keys, each wrapped under a master key. Secrets are sealed under a data key; each connection and endpoint has its
 * own. Rotating the master key re-wraps these rows only. Deleting a row makes everything sealed under it unreadable.
 */
export const dataKeys = pgTable(
  'data_keys',
  {
    /** The owner of the key: a connection's id, an endpoint's id, `inbox:2026-11`, `ledger:2026-11`. */
    id: text().primaryKey(),
    /** Id of the master key that wraps this key. */
    masterKeyId: text('master_key_id').notNull(),
    wrapped: text().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    rewrappedAt: timestamp('rewrapped_at', { withTimezone: true }),
  },
  (table) => [index('data_keys_by_master_key').on(table.masterKeyId)],
);
