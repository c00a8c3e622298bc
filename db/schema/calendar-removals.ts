import { index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { calendarRemovals as reasons } from '../../domain/audition/events.ts';
import { instant } from './columns.ts';
import { isUnkeyedResource } from './unkeyed-hashes.ts';

/**
 * The events that the reconciliation is removing. A row is made before the removal and deleted when the fact of it is on the
 * trail of the audition, so a worker that was killed between the two is made up for. `calendar` is a keyed hash, as in
 * `synced_calendars`.
 */
export const calendarRemovals = pgTable(
  'calendar_removals',
  {
    connection: text().notNull(),
    calendar: text().notNull(),
    /** The provider's id of the event. */
    eventId: text('event_id').notNull(),
    /** Distinguishes this removal from another one of the same event. The key of the fact. */
    id: text().notNull(),
    auditionId: text('audition_id').notNull(),
    reason: text({ enum: reasons }).notNull(),
    begunAt: instant('begun_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.connection, table.calendar, table.eventId] }),
    index('calendar_removals_with_unkeyed_name').on(table.calendar).where(isUnkeyedResource(table.calendar)),
  ],
);
