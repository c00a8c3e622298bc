/**
 * Finds the events near the slots of booked auditions in the calendars of their participants, and stores which conflicts
 * were reported. Whether an event is a conflict is decided elsewhere, by the rules of the claim.
 */
import { and, eq, notInArray, sql } from 'drizzle-orm';
import { z } from 'zod';
import { type EventRules, tentativeRules } from '../../domain/audition/conflict-rules.ts';
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import { roomUser } from '../../domain/audition/room-booking.ts';
import { busyKinds } from '../../domain/calendars/busy-kind.ts';
import { seenAsKinds } from '../../domain/calendars/seen-as.ts';
import {
  type AuditionId,
  auditionIdSchema,
  type ConnectionId,
  connectionIdSchema,
  type ParticipantId,
  participantIdSchema,
} from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { participantConflicts } from '../schema/participant-conflicts.ts';
import { instantFromDatabase } from '../time.ts';
import type { CalendarKey } from './synced-calendars.ts';

/** An event near the slot, in one of the participant's calendars. */
export interface NearbyEvent extends TimeRange, CalendarKey {
  readonly busy: (typeof busyKinds)[number];
  /** The provider's id and the UID of the event. */
  readonly ids: readonly string[];
  /** The audition that has written the event, or that its mark names. */
  readonly audition: AuditionId | undefined;
  /** Whether the calendar only counts as busy for the participant. */
  readonly isBusyOnly: boolean;
  /** Whether it is an event. Otherwise it has no ids, and can be ours. */
  readonly seenAs: (typeof seenAsKinds)[number];
  /** Identifies the event and its time in a digest; without a stable id, the time only. */
  readonly text: string;
}

/** A participant of an audition whose slot is ahead, or the room of the slot. */
export interface BookedParticipant {
  readonly auditionId: AuditionId;
  readonly participant: ParticipantId | typeof roomUser;
  readonly slot: TimeRange;
  /** Whether no event of the audition is written for the participant, who gets an invitation by email. */
  readonly isInvited: boolean;
  /** Whether the slot takes place in a room. */
  readonly isInPerson: boolean;
  readonly revision: number;
  readonly rules: EventRules;
  /** What was reported last; undefined: no conflict. */
  readonly reported: string | undefined;
  /** How many reports were made before. With the incarnation, it distinguishes equal conflicts. */
  readonly change: number;
  /** In the order of their ids. */
  readonly events: readonly NearbyEvent[];
}

type ReportOf = Pick<BookedParticipant, 'auditionId' | 'participant' | 'change'>;

export interface ParticipantConflicts {
  /**
   * Stores the rules of the audition for the participants whose calendars are compared with its slot. Forgets the others.
   * Idempotent.
   */
  setRules(
    auditionId: AuditionId,
    participants: readonly (ParticipantId | typeof roomUser)[],
    rules: EventRules,
  ): Promise<void>;
  /**
   * Returns the participants with an event of ours in the calendar, those for whom it only counts as busy, and the rooms whose
   * calendar it is, if their slots are ahead. The slot of an event of ours is as it was written. Otherwise, it is that of the
   * audition.
   */
  listBooked(key: CalendarKey): Promise<readonly BookedParticipant[]>;
  /**
   * Records that the audition is being told of the conflicts. Call it before: if the process ends after the signal, the next
   * round signals again, also when the conflict is over by then. Returns the incarnation of the row.
   */
  beginReport(of: ReportOf): Promise<string>;
  /** Records that the audition was told, unless another attempt has. @param reported undefined: there is no conflict */
  markReported(of: ReportOf, reported: string | undefined): Promise<void>;
}

/** Differs from every digest and from none, so that a later report follows in any case. */
const unconfirmed = 'unconfirmed';

/** Creates the repository. */
export const createParticipantConflicts = (db: Database): ParticipantConflicts => ({
  async setRules(auditionId, participants, { tentative, calendarBuffer, travel }) {
    const rules = { tentative, calendarBuffer, travel };
    await db
      .delete(participantConflicts)
      .where(
        and(
          eq(participantConflicts.auditionId, auditionId),
          notInArray(participantConflicts.participant, [...participants]),
        ),
      );
    if (participants.length === 0) return;
    await db
      .insert(participantConflicts)
      .values(participants.map((participant) => ({ auditionId, participant, ...rules })))
      .onConflictDoUpdate({
        target: [participantConflicts.auditionId, participantConflicts.participant],
        set: rules,
      });
  },

  async listBooked({ connection, calendar }) {
    const { rows } = await db.execute(sql`
      WITH concerned AS (
        SELECT audition_id, participant FROM synced_events
        WHERE connection = ${connection} AND calendar = ${calendar} AND audition_id IS NOT NULL AND participant IS NOT NULL
          AND written_start > now()
        UNION
        SELECT audition_id, participant FROM busy_calendars WHERE connection = ${connection} AND calendar = ${calendar}
        UNION
        SELECT audition_id, ${roomUser} FROM synced_events
        WHERE connection = ${connection} AND booked_room = ${calendar} AND audition_id IS NOT NULL AND written_start > now()
      ), booked AS (
        SELECT concerned.audition_id, concerned.participant, written.revision IS NULL AS is_invited,
          coalesce(written.start, audition.start) AS slot_start, coalesce(written.end, audition.end) AS slot_end,
          coalesce(written.revision, audition.revision) AS revision,
          coalesce(written.is_in_person, audition.is_in_person) AS is_in_person
        FROM concerned
        LEFT JOIN LATERAL (
          SELECT written_start AS start, written_end AS end, written_revision AS revision, written_in_person AS is_in_person
          FROM synced_events
          WHERE synced_events.audition_id = concerned.audition_id AND (synced_events.participant = concerned.participant
            OR (concerned.participant = ${roomUser} AND connection = ${connection} AND booked_room = ${calendar}))
          ORDER BY written_revision DESC, written_at DESC NULLS LAST LIMIT 1
        ) AS written ON true
        -- Nothing is written for a participant who has no calendar but those that only count as busy.
        LEFT JOIN LATERAL (
          SELECT (view->'slot'->>'start')::timestamptz AS start, (view->'slot'->>'end')::timestamptz AS end,
            (view->>'revision')::int AS revision, view->'slot'->'room' IS NOT NULL AS is_in_person
          FROM auditions WHERE auditions.id = concerned.audition_id AND auditions.state IN ('scheduled', 'confirmed')
        ) AS audition ON written.revision IS NULL
      )
      SELECT booked.audition_id AS "auditionId", booked.participant, booked.slot_start AS start, booked.slot_end AS end,
        booked.is_in_person AS "isInPerson", booked.is_invited AS "isInvited", booked.revision, known.reported, coalesce(known.change, 0) AS change,
        coalesce(known.tentative, CASE WHEN ${ignoresTentative(connection, calendar)} THEN 'ignore' ELSE 'block' END) AS tentative,
        coalesce(known.calendar_buffer, 0) AS "calendarBuffer", coalesce(known.travel, 0) AS travel, near.events
      FROM booked
      LEFT JOIN participant_conflicts AS known USING (audition_id, participant)
      CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
          'connection', other.connection, 'calendar', other.calendar, 'seenAs', other.seen_as, 'start', other.starts_at, 'end', other.ends_at, 'busy', other.busy,
          'ids', CASE WHEN other.seen_as = 'event' THEN array_remove(ARRAY[other.event_id, other.uid], NULL) ELSE '{}' END,
          'audition', coalesce(other.audition_id, other.marked_audition),
          'isBusyOnly', compared.is_busy_only, 'text', name.of_event || other.starts_at || other.ends_at
        ) ORDER BY name.of_event, other.starts_at, other.ends_at), '[]') AS events
        FROM (
          SELECT connection, calendar, min(is_busy_only::int) = 1 AS is_busy_only FROM (
            SELECT connection, calendar, false AS is_busy_only FROM synced_events
            WHERE synced_events.audition_id = booked.audition_id AND synced_events.participant = booked.participant
            UNION ALL
            SELECT connection, calendar, true FROM busy_calendars AS used
            WHERE used.audition_id = booked.audition_id AND used.participant = booked.participant
            UNION ALL
            SELECT ${connection}, ${calendar}, false WHERE booked.participant = ${roomUser}
          ) AS used GROUP BY connection, calendar
        ) AS compared
        JOIN synced_events AS other ON other.connection = compared.connection AND other.calendar = compared.calendar
        -- A busy time has no id, and the publisher of a feed can change the ids of its events with each reading.
        CROSS JOIN LATERAL (SELECT CASE WHEN other.seen_as <> 'event' OR EXISTS (
          SELECT FROM synced_calendars AS feed
          WHERE feed.connection = other.connection AND feed.calendar = other.calendar AND feed.provider = 'ics'
        ) THEN '' ELSE other.event_id END AS of_event) AS name
        WHERE tstzrange(other.starts_at, other.ends_at, '[)') && tstzrange(
            booked.slot_start - ${reach}, booked.slot_end + ${reach}, '[)')
          AND other.busy <> 'free' AND NOT other.is_removed
      ) AS near
      WHERE booked.slot_start > now()
      ORDER BY booked.audition_id, booked.participant
    `);
    return rows.map((row): BookedParticipant => {
      const { start, end, tentative, calendarBuffer, travel, ...booked } = bookedSchema.parse(row);
      return { ...booked, slot: { start, end }, rules: { tentative, calendarBuffer, travel } };
    });
  },

  async beginReport({ auditionId, participant, change }) {
    const { rows } = await db.execute(sql`
      INSERT INTO participant_conflicts AS known (audition_id, participant, reported)
      VALUES (${auditionId}, ${participant}, ${unconfirmed})
      ON CONFLICT (audition_id, participant) DO UPDATE
        SET reported = CASE WHEN known.change = ${change} THEN ${unconfirmed} ELSE known.reported END
      RETURNING incarnation
    `);
    return z.object({ incarnation: z.string() }).parse(rows[0]).incarnation;
  },

  async markReported({ auditionId, participant, change }, reported) {
    await db
      .update(participantConflicts)
      .set({ reported: reported ?? null, change: change + 1 })
      .where(
        and(
          eq(participantConflicts.auditionId, auditionId),
          eq(participantConflicts.participant, participant),
          eq(participantConflicts.change, change),
        ),
      );
  },
});

/** No event farther from the slot can conflict with it. */
const reach = sql`greatest(coalesce(known.calendar_buffer, 0), coalesce(known.travel, 0)) * interval '1 millisecond'`;

/** The rule of an audition that was booked before the rules were stored: that of its organization (docs/conflicts.md). */
const ignoresTentative = (connection: ConnectionId, calendar: string) => sql`EXISTS (
  SELECT FROM synced_calendars JOIN organizations ON organizations.id = synced_calendars.organization
  WHERE synced_calendars.connection = ${connection} AND synced_calendars.calendar = ${calendar}
    AND organizations.conflicts->>'tentative' = 'ignore'
)`;

const orUndefined = <Value>(value: Value | null): Value | undefined => value ?? undefined;

const nearbySchema = z.object({
  connection: connectionIdSchema,
  calendar: z.string(),
  seenAs: z.enum(seenAsKinds),
  start: instantFromDatabase,
  end: instantFromDatabase,
  busy: z.enum(busyKinds),
  ids: z.array(z.string()),
  audition: auditionIdSchema.nullable().transform(orUndefined),
  isBusyOnly: z.boolean(),
  text: z.string(),
});

const bookedSchema = z.object({
  auditionId: auditionIdSchema,
  participant: z.union([z.literal(roomUser), participantIdSchema]),
  start: instantFromDatabase,
  end: instantFromDatabase,
  isInPerson: z.boolean(),
  isInvited: z.boolean(),
  revision: z.int(),
  reported: z.string().nullable().transform(orUndefined),
  change: z.int(),
  tentative: z.enum(tentativeRules),
  calendarBuffer: z.int(),
  travel: z.int(),
  events: z.array(nearbySchema),
});
