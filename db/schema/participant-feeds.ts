import { boolean, integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';

/** The subscription feeds of participants. The address is signed and not stored: it names the generation. */
export const participantFeeds = pgTable(
  'participant_feeds',
  {
    organization: text().notNull(),
    participant: text().notNull(),
    /** Incremented when the address is rotated. Earlier addresses are then invalid. */
    generation: integer().notNull().default(1),
    isRevoked: boolean('is_revoked').notNull().default(false),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    changedAt: timestamp('changed_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.organization, table.participant] })],
);
