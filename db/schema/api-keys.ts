import { index, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

/** Who may call the API. Of a key only its SHA-256 is kept. */
export const apiKeys = pgTable(
  'api_keys',
  {
    secretHash: text('secret_hash').primaryKey(),
    organization: text().notNull(),
    role: text().notNull(),
    label: text().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    /** To the minute: noting every use would make a write of every read. */
    lastUsedAt: instant('last_used_at'),
    /** A revoked key stays, so that what it did can be told. */
    revokedAt: instant('revoked_at'),
  },
  (table) => [index('api_keys_by_organization').on(table.organization)],
);
