import { pgTable, text } from 'drizzle-orm/pg-core';

/** Who may call the API. Of a key only its SHA-256 is kept. */
export const apiKeys = pgTable('api_keys', {
  secretHash: text('secret_hash').primaryKey(),
  organization: text().notNull(),
  role: text().notNull(),
  label: text().notNull(),
});
