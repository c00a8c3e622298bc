import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

/**
 * The UIDs (RFC 5545) under which calendars have published the events of an audition, former events included. A feed that is
 * read later can still contain those, and so can another calendar with a copy.
 */
export const ownEventUids = pgTable(
  'own_event_uids',
  {
    auditionId: text('audition_id').notNull(),
    uid: text().notNull(),
    /** The vendor's name of the creation, which copies of the event have as well. Their UIDs differ. */
    creation: text(),
  },
  (table) => [primaryKey({ columns: [table.auditionId, table.uid] })],
);
