import { pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

/** When a meeting of an organization was last looked at before its session, for each provider. One row each, which stays. */
export const meetingWatches = pgTable(
  'meeting_watches',
  {
    organization: text().notNull(),
    provider: text().notNull(),
    lookedAt: timestamp('looked_at', { withTimezone: true }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.organization, table.provider] })],
);
