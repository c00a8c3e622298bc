/** Compares the slots of auditions with the other events in the calendars of their participants. */
import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { mostConflicts } from '../../domain/audition/calendar-change.ts';
import {
  type AuditionId,
  auditionIdSchema,
  connectionIdSchema,
  type ParticipantId,
  participantIdSchema,
} from '../../domain/ids.ts';
import type { ListedEvent } from '../../providers/ports.ts';
import type { Database } from '../client.ts';
import { syncedEvents } from '../schema/synced-events.ts';
import { instantFromDatabase } from '../time.ts';
import { isEvent } from './event-key.ts';
import type { CalendarKey } from './synced-calendars.ts';

/** An event of ours whose conflicts differ from those that were reported. */
export interface ConflictChange extends CalendarKey {
  readonly eventId: string;
  readonly auditionId: AuditionId;
  readonly participant: ParticipantId;
  readonly writtenRevision: number;
  /** Identifies the revision, the conflicting events and their times. Undefined: there is no conflict any more. */
  readonly digest: string | undefined;
  /** How many reports of conflicts were made before. With the incarnation, it distinguishes equal conflicts. */
  readonly conflictChange: number;
  readonly incarnation: string | undefined;
  /** The conflicting events, the earliest first, at most `mostConflicts`. */
  readonly conflicts: readonly Pick<ListedEvent, 'start' | 'end'>[];
}

export interface ConflictChanges {
  /**
   * Returns the events of ours that lie ahead and whose conflicts have changed: those in the calendar, and those of
   * participants for whom the calendar only counts as busy.
   */
  listConflictChanges(key: CalendarKey): Promise<readonly ConflictChange[]>;
  /**
   * Records that the audition is being told of the conflicts. Call it before: if the process ends after the signal, the next
   * round signals again, also when the conflict is over by then.
   */
  beginConflictReport(conflict: ConflictChange): Promise<void>;
  /** Records that the audition was told of the conflicts. */
  markConflictsReported(conflict: ConflictChange): Promise<void>;
}

/** Creates the part of the repository. */
export const createConflictChanges = (db: Database): ConflictChanges => ({
  async listConflictChanges({ connection, calendar }) {
    const { rows } = await db.execute(sql`
      WITH own AS (
        SELECT * FROM synced_events WHERE connection = ${connection} AND calendar = ${calendar}
          AND audition_id IS NOT NULL
        UNION ALL
        SELECT elsewhere.* FROM busy_calendars AS used
        JOIN synced_events AS elsewhere
          ON elsewhere.audition_id = used.audition_id AND elsewhere.participant = used.participant
        WHERE used.connection = ${connection} AND used.calendar = ${calendar}
          AND (elsewhere.connection <> used.connection OR elsewhere.calendar <> used.calendar)
      )
      SELECT own.connection, own.calendar, own.event_id AS "eventId", own.audition_id AS "auditionId", own.participant,
        own.written_revision AS "writtenRevision", own.incarnation, own.conflict_change AS "conflictChange",
        conflicts.digest, conflicts.times
      FROM own, LATERAL (
        SELECT own.written_revision || ':' || md5(string_agg(event_id || starts_at || ends_at, ' ' ORDER BY event_id)) AS digest,
          to_jsonb((array_agg(jsonb_build_object('start', starts_at, 'end', ends_at) ORDER BY starts_at, ends_at))
            [1:${mostConflicts}]) AS times
        FROM (
          SELECT own.connection, own.calendar, false AS is_busy_only
          UNION ALL
          SELECT used.connection, used.calendar, true FROM busy_calendars AS used
          WHERE used.audition_id = own.audition_id AND used.participant = own.participant
            AND (used.connection <> own.connection OR used.calendar <> own.calendar)
        ) AS compared
        JOIN synced_events AS other ON other.connection = compared.connection AND other.calendar = compared.calendar
        WHERE tstzrange(other.starts_at, other.ends_at, '[)') && tstzrange(own.written_start, own.written_end, '[)')
          AND other.busy <> 'free' AND NOT (other.busy = 'tentative' AND ${ignoresTentative})
          AND NOT other.is_removed
          AND CASE WHEN compared.is_busy_only
            -- No hold tells when another audition needs a calendar that only counts as busy.
            THEN coalesce(other.audition_id, other.marked_audition) IS DISTINCT FROM own.audition_id
            ELSE other.audition_id IS NULL AND other.marked_audition IS NULL END
      ) AS conflicts
      WHERE own.participant IS NOT NULL
        AND own.written_start > now() AND conflicts.digest IS DISTINCT FROM own.reported_conflicts
      ORDER BY own.event_id
    `);
    return rows.map((row): ConflictChange => {
      const { times, digest, ...conflict } = conflictSchema.parse(row);
      return { ...conflict, digest: digest ?? undefined, conflicts: times ?? [] };
    });
  },

  async beginConflictReport(conflict) {
    // Differs from every digest and from none, so that a later report follows in any case.
    await db.update(syncedEvents).set({ reportedConflicts: 'unconfirmed' }).where(reportOf(conflict));
  },

  async markConflictsReported(conflict) {
    await db
      .update(syncedEvents)
      .set({ reportedConflicts: conflict.digest ?? null, conflictChange: conflict.conflictChange + 1 })
      .where(reportOf(conflict));
  },
});

/** Selects the event, unless another attempt has made the report. */
const reportOf = (conflict: ConflictChange) =>
  and(isEvent(conflict), eq(syncedEvents.conflictChange, conflict.conflictChange));

/** Whether the organization of the calendar of `own` ignores tentative events (docs/conflicts.md). */
const ignoresTentative = sql`EXISTS (
  SELECT FROM synced_calendars JOIN organizations ON organizations.id = synced_calendars.organization
  WHERE synced_calendars.connection = own.connection AND synced_calendars.calendar = own.calendar
    AND organizations.conflicts->>'tentative' = 'ignore'
)`;

const textOrNull = z
  .string()
  .nullable()
  .transform((text) => text ?? undefined);

const conflictSchema = z.object({
  connection: connectionIdSchema,
  calendar: z.string(),
  eventId: z.string(),
  auditionId: auditionIdSchema,
  participant: participantIdSchema,
  writtenRevision: z.int(),
  incarnation: textOrNull,
  conflictChange: z.int(),
  digest: z.string().nullable(),
  times: z.array(z.object({ start: instantFromDatabase, end: instantFromDatabase })).nullable(),
});
