import { pgTable, text } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

/** The last report of events that cannot be read completely, of each connection. Without texts and ids of the events. */
export const unreadableEvents = pgTable('unreadable_events', {
  connection: text().primaryKey(),
  organization: text().notNull(),
  /** Such as `no_start: DTSTART`. The first faults of the last answer with faults. */
  faults: text().array().notNull(),
  firstSeenAt: instant('first_seen_at').notNull(),
  lastSeenAt: instant('last_seen_at').notNull(),
});
