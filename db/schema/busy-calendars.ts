import { index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

/**
 * The calendars that count as busy for the participants of auditions and are not written. `calendar` is a hash, as in
 * `synced_calendars`. The synchronisation compares their events with the slots.
 */
export const busyCalendars = pgTable(
  'busy_calendars',
  {
    auditionId: text('audition_id').notNull(),
    participant: text().notNull(),
    connection: text().notNull(),
    calendar: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.auditionId, table.participant, table.connection, table.calendar] }),
    index('busy_calendars_by_calendar').on(table.connection, table.calendar),
  ],
);
