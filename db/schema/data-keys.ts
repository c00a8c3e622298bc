import { index, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

/**
 * Data keys, each wrapped under a master key. The table is in the key database (`db/vault/key-database.ts`); that of the main
 * database has the keys that an earlier version has left there, until they are moved. Secrets are sealed under a data key; each connection and endpoint has its
 * own. Rotating the master key re-wraps these rows only. Deleting a row makes everything sealed under it unreadable.
 */
export const dataKeys = pgTable(
  'data_keys',
  {
    /** The owner of the key: a connection's id, an endpoint's id, `audition:aud_…`, `inbox:2026-11-14T15`, `ledger:2026-11`. */
    id: text().primaryKey(),
    /** Id of the master key that wraps this key. */
    masterKeyId: text('master_key_id').notNull(),
    /** Empty for a key that was erased and must not be created again. */
    wrapped: text().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    rewrappedAt: timestamp('rewrapped_at', { withTimezone: true }),
  },
  (table) => [index('data_keys_by_master_key').on(table.masterKeyId)],
);
