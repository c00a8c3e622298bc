/** Finds events and auditions in synchronized calendars for which the other is missing. */
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import {
  type AuditionId,
  auditionIdSchema,
  type ParticipantId,
  participantIdSchema,
} from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { instantFromDatabase } from '../time.ts';
import type { CalendarKey } from './sync-progress.ts';

/** An event that carries our mark, and that is not the event that this service has written for the audition. */
export interface UnaccountedEvent extends CalendarKey {
  readonly eventId: string;
  readonly auditionId: AuditionId;
  /** Whether the calendar has another event of the audition, which this service has written. */
  readonly isDuplicate: boolean;
}

/** Where a list continues: after this id. Undefined: at its beginning. */
interface Page {
  readonly after: string | undefined;
  readonly limit: number;
}

/** An event of ours at an earlier slot of its audition. */
interface OutdatedEvent {
  readonly auditionId: AuditionId;
  readonly participant: ParticipantId;
}

/** An event of ours in another calendar of the connection. */
interface EventElsewhere {
  readonly calendar: string;
  readonly isRemoved: boolean;
  /** When the last listing of that calendar was complete. */
  readonly syncedAt: Instant | undefined;
}

export interface UnaccountedEvents {
  /**
   * Returns events to come that carry our mark and are not known as written, in the order of their ids. The occurrences of a
   * series that a person has made of an event of ours are left out, and so are events that another connection has written:
   * two accounts can see one calendar.
   */
  listUnaccounted(key: CalendarKey, page: Page): Promise<readonly UnaccountedEvent[]>;
  /** Returns the events of the audition that this service has written in the other calendars of the connection. */
  listElsewhere(event: UnaccountedEvent): Promise<readonly EventElsewhere[]>;
  /** Returns the auditions that hold a slot in the calendar, and of which no written event is known there, in the order of their ids. */
  listUnrecorded(key: CalendarKey, page: Page): Promise<readonly AuditionId[]>;
  /**
   * Returns the events to come that were written for an earlier slot of their audition, which has not changed since `before`: the write for
   * the present slot was skipped.
   */
  listOutdated(key: CalendarKey, before: Instant): Promise<readonly OutdatedEvent[]>;
  /** Returns auditions that hold a slot in the calendar, or have an event there, the latest first. */
  listAuditions(key: CalendarKey, limit: number): Promise<readonly AuditionId[]>;
}

/** Creates the repository. */
export const createUnaccountedEvents = (db: Database): UnaccountedEvents => ({
  async listUnaccounted({ connection, calendar }, { after, limit }) {
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
        AND NOT EXISTS (
          SELECT FROM synced_events AS other WHERE other.audition_id = found.marked_audition
            AND other.connection <> found.connection AND other.calendar = found.calendar AND other.event_id = found.event_id
        )
        AND event_id > ${after ?? ''}
      ORDER BY event_id LIMIT ${limit}
    `);
    return rows.map((row) => ({ ...unaccountedSchema.parse(row), connection, calendar }));
  },

  async listOutdated({ connection, calendar }, before) {
    const { rows } = await db.execute(sql`
      SELECT own.audition_id AS "auditionId", own.participant
      FROM synced_events AS own JOIN auditions ON auditions.id = own.audition_id
      WHERE own.connection = ${connection} AND own.calendar = ${calendar} AND own.participant IS NOT NULL
        AND NOT own.is_removed AND auditions.state IN ('scheduled', 'confirmed')
        AND own.written_revision < (view ->> 'revision')::int
        AND (own.written_start, own.written_end)
          IS DISTINCT FROM ((view -> 'slot' ->> 'start')::timestamptz, (view -> 'slot' ->> 'end')::timestamptz)
        AND (view -> 'slot' ->> 'end')::timestamptz > now() AND (view ->> 'updatedAt')::timestamptz < ${before}
      ORDER BY own.audition_id, own.participant
    `);
    return rows.map((row) => outdatedSchema.parse(row));
  },

  async listElsewhere({ connection, calendar, auditionId }) {
    const { rows } = await db.execute(sql`
      SELECT own.calendar, own.is_removed AS "isRemoved", synced_calendars.synced_at AS "syncedAt"
      FROM synced_events AS own
      JOIN synced_calendars ON synced_calendars.connection = own.connection AND synced_calendars.calendar = own.calendar
      WHERE own.audition_id = ${auditionId} AND own.connection = ${connection} AND own.calendar <> ${calendar}
      ORDER BY own.calendar
    `);
    return rows.map((row) => elsewhereSchema.parse(row));
  },

  async listUnrecorded({ connection, calendar }, { after, limit }) {
    const { rows } = await db.execute(sql`
      SELECT DISTINCT audition_id AS "auditionId" FROM slot_holds
      WHERE scope = '' AND resource = ${calendar} AND upper(during) > now() AND NOT EXISTS (
        SELECT FROM synced_events AS own WHERE own.connection = ${connection} AND own.calendar = ${calendar}
          AND own.audition_id = slot_holds.audition_id
      ) AND audition_id > ${after ?? ''}
      ORDER BY audition_id LIMIT ${limit}
    `);
    return rows.map((row) => auditionSchema.parse(row).auditionId);
  },

  async listAuditions({ connection, calendar }, limit) {
    const { rows } = await db.execute(sql`
      SELECT audition_id AS "auditionId" FROM (
        SELECT audition_id, upper(during) AS until FROM slot_holds WHERE scope = '' AND resource = ${calendar}
        UNION ALL
        SELECT audition_id, written_end FROM synced_events
        WHERE connection = ${connection} AND calendar = ${calendar} AND audition_id IS NOT NULL
      ) AS used
      GROUP BY audition_id ORDER BY max(until) DESC, audition_id LIMIT ${limit}
    `);
    return rows.map((row) => auditionSchema.parse(row).auditionId);
  },
});

const elsewhereSchema = z.object({
  calendar: z.string(),
  isRemoved: z.boolean(),
  syncedAt: instantFromDatabase.nullable().transform((at) => at ?? undefined),
});

const outdatedSchema = z.object({ auditionId: auditionIdSchema, participant: participantIdSchema });

const unaccountedSchema = z.object({
  eventId: z.string(),
  auditionId: auditionIdSchema,
  isDuplicate: z.boolean(),
});

const auditionSchema = z.object({ auditionId: auditionIdSchema });
