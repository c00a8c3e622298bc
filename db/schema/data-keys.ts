import { index, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

/**
 * The keys that secrets are sealed under, one per connection, endpoint and the like, each wrapped under a master key.
 * Rotating the master key re-wraps these rows and nothing else; deleting one makes what it sealed unreadable.
 */
export const dataKeys = pgTable(
  'data_keys',
  {
    /** What it belongs to: a connection's id, an endpoint's id, `inbox:2026-11`. */
    id: text().primaryKey(),
    /** Of the master key that wraps it. */
    masterKeyId: text('master_key_id').notNull(),
    wrapped: text().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    rewrappedAt: timestamp('rewrapped_at', { withTimezone: true }),
  },
  (table) => [index('data_keys_by_master_key').on(table.masterKeyId)],
);
