import { index, pgTable, text, timestamp } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

/** API keys. Only the SHA-256 of a key is stored. */
export const apiKeys = pgTable(
  'api_keys',
  {
    secretHash: text('secret_hash').primaryKey(),
    organization: text().notNull(),
    role: text().notNull(),
    label: text().notNull(),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    /** Updated at most once a minute, so that not every request writes. */
    lastUsedAt: instant('last_used_at'),
    /** The row of a revoked key stays, so that the audit can still name the key. */
    revokedAt: instant('revoked_at'),
  },
  (table) => [index('api_keys_by_organization').on(table.organization)],
);
