/** Stores which events the reconciliation is removing from calendars, until their auditions know of it. */
import { randomUUID } from 'node:crypto';
import { and, eq, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { CalendarRemoval } from '../../domain/audition/events.ts';
import { type AuditionId, auditionIdSchema } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { calendarRemovals } from '../schema/calendar-removals.ts';
import { syncedEvents } from '../schema/synced-events.ts';
import { isEvent } from './event-key.ts';
import type { CalendarKey } from './sync-progress.ts';

/** An event that is being removed. */
export interface BegunRemoval extends CalendarKey {
  readonly eventId: string;
  /** Distinguishes this removal from another one of the same event. */
  readonly id: string;
  readonly auditionId: AuditionId;
  readonly reason: CalendarRemoval;
}

export interface CalendarRemovals {
  /**
   * Records that the event is being removed. Returns the removal that has begun before, if one has; undefined when the stored event
   * is gone, or was written by this service since: then nothing must be removed. Idempotent.
   */
  beginRemoval(removal: Omit<BegunRemoval, 'id'>): Promise<BegunRemoval | undefined>;
  /**
   * Returns the removals in the calendar whose event a listing has not found any more. A worker was killed between the removal and
   * `endRemoval`. What deletes the stored event for another reason also deletes the removal.
   */
  listDoneRemovals(key: CalendarKey): Promise<readonly BegunRemoval[]>;
  /**
   * Forgets the removal, whose fact is on the trail, and the stored event, unless this service has written it since. In one
   * transaction: without the removal, the event must not be found again. Idempotent.
   */
  endRemoval(removal: BegunRemoval): Promise<void>;
  /** Forgets a removal that was not carried out. Idempotent. */
  dropRemoval(event: CalendarKey & Pick<BegunRemoval, 'eventId'>): Promise<void>;
}

const begunSchema = z.object({ id: z.string() });

const columns = {
  connection: calendarRemovals.connection,
  calendar: calendarRemovals.calendar,
  eventId: calendarRemovals.eventId,
  id: calendarRemovals.id,
  auditionId: calendarRemovals.auditionId,
  reason: calendarRemovals.reason,
};

/** Creates the repository. */
export const createCalendarRemovals = (db: Database): CalendarRemovals => ({
  async beginRemoval(removal) {
    const { connection, calendar, eventId, auditionId, reason } = removal;
    // Waits for a round that is ending the removal.
    const { rows } = await db.execute(sql`
      INSERT INTO calendar_removals (connection, calendar, event_id, id, audition_id, reason, begun_at)
      SELECT connection, calendar, event_id, ${randomUUID()}, ${auditionId}, ${reason}, now() FROM synced_events
      WHERE connection = ${connection} AND calendar = ${calendar} AND event_id = ${eventId}
        AND audition_id IS NULL AND NOT is_removed
      FOR UPDATE
      ON CONFLICT (connection, calendar, event_id)
        DO UPDATE SET audition_id = excluded.audition_id, reason = excluded.reason
      RETURNING id
    `);
    const [begun] = rows.map((row) => begunSchema.parse(row));
    return begun && { ...removal, id: begun.id };
  },

  async listDoneRemovals({ connection, calendar }) {
    const rows = await db
      .select(columns)
      .from(calendarRemovals)
      .where(
        and(
          eq(calendarRemovals.connection, connection),
          eq(calendarRemovals.calendar, calendar),
          sql`NOT EXISTS (
            SELECT FROM ${syncedEvents} WHERE ${syncedEvents.connection} = ${calendarRemovals.connection}
              AND ${syncedEvents.calendar} = ${calendarRemovals.calendar}
              AND ${syncedEvents.eventId} = ${calendarRemovals.eventId} AND NOT ${syncedEvents.isRemoved}
          )`,
        ),
      )
      .orderBy(calendarRemovals.eventId);
    return rows.map((row) => ({ ...row, connection, auditionId: auditionIdSchema.parse(row.auditionId) }));
  },

  async endRemoval({ id, ...event }) {
    await db.transaction(async (transaction) => {
      await transaction.delete(syncedEvents).where(and(isEvent(event), isNull(syncedEvents.auditionId)));
      await transaction.delete(calendarRemovals).where(eq(calendarRemovals.id, id));
    });
  },

  async dropRemoval({ connection, calendar, eventId }) {
    await db
      .delete(calendarRemovals)
      .where(
        and(
          eq(calendarRemovals.connection, connection),
          eq(calendarRemovals.calendar, calendar),
          eq(calendarRemovals.eventId, eventId),
        ),
      );
  },
});
