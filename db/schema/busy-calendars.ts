import { boolean, index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { isUnkeyedResource } from './unkeyed-hashes.ts';

/**
 * The calendars that count as busy for the participants of auditions and are not written, and those of their rooms, whose
 * participant is `roomUser`. `calendar` is a keyed hash, as in `synced_calendars`. The synchronisation compares their events with the
 * slots. The id is sealed under the data key of the audition, like the targets of its steps: an account that is connected again is
 * synchronized as before, although the data key of its connection was destroyed. Earlier versions sealed it under a monthly key of
 * the ledger.
 */
export const busyCalendars = pgTable(
  'busy_calendars',
  {
    auditionId: text('audition_id').notNull(),
    participant: text().notNull(),
    connection: text().notNull(),
    calendar: text().notNull(),
    /** The data key of the id. Null: an earlier version has stored the row. */
    dataKey: text('data_key'),
    sealedCalendarId: text('sealed_calendar_id'),
    /** As in `synced_calendars`. */
    sealedFormerName: text('sealed_former_name'),
    /** Whether it is the main calendar of the participant, such as a feed. The holds of auditions say when they need it. */
    isOwn: boolean('is_own').notNull().default(false),
  },
  (table) => [
    primaryKey({ columns: [table.auditionId, table.participant, table.connection, table.calendar] }),
    index('busy_calendars_by_calendar').on(table.connection, table.calendar),
    index('busy_calendars_with_unkeyed_name').on(table.calendar).where(isUnkeyedResource(table.calendar)),
    index('busy_calendars_by_data_key').on(table.dataKey),
  ],
);
