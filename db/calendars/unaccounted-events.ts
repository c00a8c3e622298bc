/** Finds events and auditions in synchronized calendars for which the other is missing. */
import { and, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { type AuditionId, auditionIdSchema } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { syncedEvents } from '../schema/synced-events.ts';
import { isEvent } from './event-key.ts';
import type { CalendarKey } from './synced-calendars.ts';

/** An event that carries our mark, and that is not the event that this service has written for the audition. */
export interface UnaccountedEvent extends CalendarKey {
  readonly eventId: string;
  readonly auditionId: AuditionId;
  /** Whether the calendar has another event of the audition, which this service has written. */
  readonly isDuplicate: boolean;
}

export interface UnaccountedEvents {
  /**
   * Returns events to come that carry our mark and are not known as written. The occurrences of a series that a person has
   * made of an event of ours are left out.
   */
  listUnaccounted(key: CalendarKey, limit: number): Promise<readonly UnaccountedEvent[]>;
  /** Deletes the row of an event that was removed from the calendar, unless this service has written the event since. */
  discard(event: UnaccountedEvent): Promise<void>;
  /** Returns the auditions that hold a slot in the calendar, and of which no written event is known there. */
  listUnrecorded(key: CalendarKey, limit: number): Promise<readonly AuditionId[]>;
}

/** Creates the repository. */
export const createUnaccountedEvents = (db: Database): UnaccountedEvents => ({
  async listUnaccounted({ connection, calendar }, limit) {
    const { rows } = await db.execute(sql`
      SELECT event_id AS "eventId", marked_audition AS "auditionId", EXISTS (
        SELECT FROM synced_events AS own WHERE own.connection = found.connection AND own.calendar = found.calendar
          AND own.audition_id = found.marked_audition AND NOT own.is_removed
      ) AS "isDuplicate"
      FROM synced_events AS found
      WHERE connection = ${connection} AND calendar = ${calendar} AND marked_audition IS NOT NULL
        AND audition_id IS NULL AND NOT is_removed AND ends_at > now()
        AND NOT EXISTS (
          SELECT FROM synced_events AS own WHERE own.connection = found.connection AND own.calendar = found.calendar
            AND own.audition_id = found.marked_audition
            AND (own.event_id = found.series OR own.series = found.series)
        )
      ORDER BY event_id LIMIT ${limit}
    `);
    return rows.map((row) => ({ ...unaccountedSchema.parse(row), connection, calendar }));
  },

  async discard(event) {
    await db.delete(syncedEvents).where(and(isEvent(event), isNull(syncedEvents.auditionId)));
  },

  async listUnrecorded({ connection, calendar }, limit) {
    const { rows } = await db.execute(sql`
      SELECT DISTINCT audition_id AS "auditionId" FROM slot_holds
      WHERE scope = '' AND resource = ${calendar} AND upper(during) > now() AND NOT EXISTS (
        SELECT FROM synced_events AS own WHERE own.connection = ${connection} AND own.calendar = ${calendar}
          AND own.audition_id = slot_holds.audition_id
      )
      ORDER BY audition_id LIMIT ${limit}
    `);
    return rows.map((row) => unrecordedSchema.parse(row).auditionId);
  },
});

const unaccountedSchema = z.object({
  eventId: z.string(),
  auditionId: auditionIdSchema,
  isDuplicate: z.boolean(),
});

const unrecordedSchema = z.object({ auditionId: auditionIdSchema });
