/** Deletes what is stored of events that are over, or whose calendar is not used any more. */
import { and, eq, sql } from 'drizzle-orm';
import type { ConnectionId } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { forgetDamage } from '../connections/unreadable-events.ts';
import { calendarRemovals } from '../schema/calendar-removals.ts';
import { syncedEvents } from '../schema/synced-events.ts';

/** Deletes what was stored of the calendar. A removal that was under way is dropped: nothing says that the event is gone. */
export const forgetEvents = async (
  transaction: Pick<Database, 'delete'>,
  { connection, calendar }: { readonly connection: ConnectionId; readonly calendar: string },
): Promise<void> => {
  await forgetDamage(transaction, { connection, calendar });
  for (const table of [syncedEvents, calendarRemovals]) {
    await transaction
      .delete(table)
      .where(and(eq(table.connection, connection), eq(table.calendar, calendar)));
  }
};

/** Deletes the busy calendars of auditions whose slots were over a day ago. */
export const deleteOldBusyCalendars = async (
  db: Pick<Database, 'execute'>,
  connection: ConnectionId,
): Promise<void> => {
  await db.execute(sql`
  DELETE FROM busy_calendars WHERE connection = ${connection} AND NOT EXISTS (
    SELECT FROM slot_holds WHERE slot_holds.audition_id = busy_calendars.audition_id
      AND upper(slot_holds.during) > now() - interval '1 day'
  )
`);
};

/** Deletes events that ended more than a day ago, and these busy calendars. Events of ours are kept for a week. */
export const deleteOldEvents = async (
  db: Pick<Database, 'execute'>,
  connection: ConnectionId,
): Promise<void> => {
  await deleteOldBusyCalendars(db, connection);
  // A removal whose event is over, and was not found deleted, was not carried out as far as is known.
  await db.execute(sql`
    WITH old AS (
      DELETE FROM synced_events WHERE connection = ${connection}
        -- The index on the ends cannot be used with the expression.
        AND ends_at < now() - interval '1 day'
        -- A person can have moved our event into the past.
        AND greatest(ends_at, written_end) < now() - CASE WHEN audition_id IS NULL THEN interval '1 day' ELSE interval '7 days' END
      RETURNING connection, calendar, event_id
    )
    DELETE FROM calendar_removals AS removal USING old
    WHERE removal.connection = old.connection AND removal.calendar = old.calendar AND removal.event_id = old.event_id
  `);
};
