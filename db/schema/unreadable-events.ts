import { index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { damageKinds } from '../../domain/connections/connection-problem.ts';
import { instant } from './columns.ts';
import { isUnkeyedResource } from './unkeyed-hashes.ts';

/**
 * The last reports of events that cannot be read completely: one for each calendar and kind of problem. Without texts and ids
 * of the events.
 */
export const unreadableEvents = pgTable(
  'unreadable_events',
  {
    connection: text().notNull(),
    /** As in `synced_calendars`. Empty in reports of an earlier version of this service, which did not know the calendar. */
    calendar: text().notNull(),
    kind: text({ enum: damageKinds }).notNull(),
    organization: text().notNull(),
    /** Such as `no_start: DTSTART`. The different faults of the last answer with faults, and since when events have no name. */
    faults: text().array().notNull(),
    firstSeenAt: instant('first_seen_at').notNull(),
    lastSeenAt: instant('last_seen_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.connection, table.calendar, table.kind] }),
    index('unreadable_events_with_unkeyed_name').on(table.calendar).where(isUnkeyedResource(table.calendar)),
  ],
);
