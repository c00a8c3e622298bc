/**
 * Finds the events near the slots of booked auditions in the calendars of their participants, and stores which conflicts
 * were reported. Whether an event is a conflict is decided elsewhere, by the rules of the claim.
 */
import { and, eq, notInArray, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { ReportOrder } from '../../domain/audition/calendar-change.ts';
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
import {
  type SynchronizedCalendarName,
  synchronizedCalendarProviders,
} from '../../domain/providers/vendors.ts';
import type { Database } from '../client.ts';
import { participantConflicts } from '../schema/participant-conflicts.ts';
import { instantFromDatabase } from '../time.ts';
import { type IsPresentRoom, presentRoomSchema } from './present-room.ts';
import type { CalendarKey } from './sync-progress.ts';

/** An event near the slot, in one of the participant's calendars. */
export interface NearbyEvent extends TimeRange, CalendarKey {
  readonly busy: (typeof busyKinds)[number];
  /** Undefined: the calendar is not synchronized any more. */
  readonly provider: SynchronizedCalendarName | undefined;
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
  /** The last report. Undefined: there was none. */
  readonly lastReport: ConflictReport | undefined;
  /** In the order of their ids. */
  readonly events: readonly NearbyEvent[];
}

/** A report to the audition about the conflicts of a participant. */
interface ConflictReport {
  readonly order: ReportOrder;
  /** Identifies the conflicts. Undefined: there is none. */
  readonly digest: string | undefined;
  /** Whether the audition has certainly received the report. */
  readonly isConfirmed: boolean;
}

type ParticipantKey = Pick<BookedParticipant, 'auditionId' | 'participant'>;

export interface ParticipantConflicts {
  /**
   * Stores the rules of the audition for the participants whose calendars are compared with its slot. Removes the rules of the
   * others. A report from before a participant got rules can be about another cast, so it is made again. Idempotent.
   */
  setRules(
    auditionId: AuditionId,
    participants: readonly (ParticipantId | typeof roomUser)[],
    rules: EventRules,
  ): Promise<void>;
  /**
   * Returns the participants with an event of ours in the calendar, those for whom it only counts as busy, and the rooms of
   * slots whose calendar it is, booked or not, if their slots are ahead. The slot of an event of ours is as it was written. A scheduled audition can have
   * another slot since, when the write was skipped: then that one counts, as for participants without an event of ours.
   * @param only restricts the result to one participant
   */
  listBooked(key: CalendarKey, only?: ParticipantKey): Promise<readonly BookedParticipant[]>;
  /**
   * Begins a report, if the last one is still the one that was listed. Returns its place among the reports. Returns undefined
   * when another round has begun one since: then the events must be listed again. Call it before the signal: until the report is
   * confirmed, the next round repeats it, or begins another one if the conflicts have changed.
   * @param digest identifies the conflicts. Undefined: there is none
   */
  beginReport(of: BookedParticipant, digest: string | undefined): Promise<ReportOrder | undefined>;
  /** Records that the audition has received the report, unless a later one has begun. Idempotent. */
  confirmReport(of: ParticipantKey, order: ReportOrder): Promise<void>;
  /**
   * Forgets which conflicts were reported to the audition, so that those that stand are reported again. Returns the last
   * reports. Reports that are being sent are not later than these.
   */
  reportAgain(auditionId: AuditionId): Promise<readonly ReportOrder[]>;
}

/** Creates the repository. */
export const createParticipantConflicts = (
  db: Database,
  isPresentRoom: IsPresentRoom,
): ParticipantConflicts => ({
  async setRules(auditionId, participants, { tentative, calendarBuffer, travel }) {
    const rules = { tentative, calendarBuffer, travel };
    // The row stays: a participant who takes part again must not get a report of before that is still being sent.
    await db
      .update(participantConflicts)
      .set({ tentative: null, calendarBuffer: null, travel: null })
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
        set: {
          ...rules,
          reported: sql`CASE WHEN ${hasRules} THEN ${participantConflicts.reported} END`,
          isConfirmed: sql`${participantConflicts.isConfirmed} AND ${hasRules}`,
          change: sql`${participantConflicts.change} + CASE WHEN ${hasRules} THEN 0 ELSE 1 END`,
        },
      });
  },

  async listBooked({ connection, calendar }, only) {
    const isWanted = only
      ? sql`audition_id = ${only.auditionId} AND participant = ${only.participant}`
      : sql`audition_id IS NOT NULL AND participant IS NOT NULL`;
    const isWantedRoom = only
      ? sql`audition_id = ${only.auditionId} AND ${only.participant === roomUser}`
      : sql`audition_id IS NOT NULL`;
    const { rows } = await db.execute(sql`
      WITH concerned AS (
        SELECT audition_id, participant FROM synced_events
        WHERE connection = ${connection} AND calendar = ${calendar} AND ${isWanted}
        UNION
        SELECT audition_id, participant FROM busy_calendars
        WHERE connection = ${connection} AND calendar = ${calendar} AND ${isWanted}
        UNION
        SELECT audition_id, ${roomUser} FROM synced_events
        WHERE connection = ${connection} AND room_calendar = ${calendar} AND ${isWantedRoom}
      ), booked AS (
        SELECT concerned.audition_id, concerned.participant, slot.*,
          written.revision IS NULL AND concerned.participant <> ${roomUser} AS is_invited,
          CASE WHEN audition.revision >= coalesce(written.revision, 0) THEN jsonb_build_object('room', audition.room) END AS present_room
        FROM concerned
        LEFT JOIN LATERAL (
          SELECT written_start AS start, written_end AS end, written_revision AS revision, written_in_person AS is_in_person
          FROM synced_events
          WHERE synced_events.audition_id = concerned.audition_id AND (synced_events.participant = concerned.participant
            OR (concerned.participant = ${roomUser} AND connection = ${connection} AND room_calendar = ${calendar}))
          ORDER BY written_revision DESC, written_at DESC NULLS LAST LIMIT 1
        ) AS written ON true
        LEFT JOIN LATERAL (
          SELECT (view->'slot'->>'start')::timestamptz AS start, (view->'slot'->>'end')::timestamptz AS end,
            (view->>'revision')::int AS revision, view->'slot'->'room' IS NOT NULL AS is_in_person,
            nullif(view->'slot'->'roomCalendar', 'null') AS room, state IN ('scheduled', 'confirmed') AS is_scheduled
          FROM auditions WHERE auditions.id = concerned.audition_id
        ) AS audition ON true
        CROSS JOIN LATERAL (
          SELECT written.start, written.end, written.revision, written.is_in_person
          WHERE written.revision >= coalesce(audition.revision, 0)
          UNION ALL
          -- Nothing is written for a participant who has no calendar but those that only count as busy. A write can be skipped.
          SELECT audition.start, audition.end, audition.revision, audition.is_in_person
          WHERE audition.is_scheduled AND audition.revision > coalesce(written.revision, 0)
        ) AS slot (slot_start, slot_end, revision, is_in_person)
      )
      SELECT booked.audition_id AS "auditionId", booked.participant, booked.slot_start AS start, booked.slot_end AS end,
        booked.is_in_person AS "isInPerson", booked.is_invited AS "isInvited", booked.revision, booked.present_room AS "presentRoom",
        known.incarnation, known.change, known.reported, known.is_confirmed AS "isConfirmed",
        coalesce(known.tentative, CASE WHEN ${ignoresTentative(connection, calendar)} THEN 'ignore' ELSE 'block' END) AS tentative,
        coalesce(known.calendar_buffer, 0) AS "calendarBuffer", coalesce(known.travel, 0) AS travel, near.events
      FROM booked
      LEFT JOIN participant_conflicts AS known USING (audition_id, participant)
      CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_agg(jsonb_build_object(
          'connection', other.connection, 'calendar', other.calendar, 'provider', named.provider, 'seenAs', other.seen_as, 'start', other.starts_at, 'end', other.ends_at, 'busy', other.busy,
          'ids', CASE WHEN other.seen_as = 'event' THEN array_remove(ARRAY[other.event_id, other.uid], NULL) ELSE '{}' END,
          'audition', coalesce(other.audition_id, other.marked_audition),
          'isBusyOnly', compared.is_busy_only, 'text', name.of_event || other.starts_at || other.ends_at
        ) ORDER BY name.of_event, other.starts_at, other.ends_at), '[]') AS events
        FROM (
          SELECT connection, calendar, min(is_busy_only::int) = 1 AS is_busy_only FROM (
            SELECT connection, calendar, false AS is_busy_only FROM synced_events
            WHERE synced_events.audition_id = booked.audition_id AND synced_events.participant = booked.participant
            UNION ALL
            -- The holds of other auditions tell when they need the participant's own feed.
            SELECT connection, calendar, NOT is_own FROM busy_calendars AS used
            WHERE used.audition_id = booked.audition_id AND used.participant = booked.participant AND used.participant <> ${roomUser}
            UNION ALL
            SELECT ${connection}, ${calendar}, false WHERE booked.participant = ${roomUser}
          ) AS used GROUP BY connection, calendar
        ) AS compared
        JOIN synced_events AS other ON other.connection = compared.connection AND other.calendar = compared.calendar
        LEFT JOIN synced_calendars AS named ON named.connection = other.connection AND named.calendar = other.calendar
        -- A busy time has no id, and the publisher of a feed can change the ids of its events with each reading.
        CROSS JOIN LATERAL (SELECT CASE WHEN other.seen_as <> 'event' OR named.provider IS NOT DISTINCT FROM 'ics' THEN '' ELSE other.event_id END AS of_event) AS name
        WHERE tstzrange(other.starts_at, other.ends_at, '[)') && tstzrange(
            booked.slot_start - ${reach}, booked.slot_end + ${reach}, '[)')
          AND other.busy <> 'free' AND NOT other.is_removed
      ) AS near
      WHERE booked.slot_start > now()
      ORDER BY booked.audition_id, booked.participant
    `);
    const present = rows.map(async (row): Promise<readonly BookedParticipant[]> => {
      const {
        start,
        end,
        tentative,
        calendarBuffer,
        travel,
        incarnation,
        change,
        reported,
        isConfirmed,
        presentRoom,
        ...booked
      } = bookedSchema.parse(row);
      const isFormerRoom =
        booked.participant === roomUser &&
        !(await isPresentRoom(booked.auditionId, presentRoom, { connection, room: calendar }));
      if (isFormerRoom) return [];
      const lastReport =
        incarnation === null || change === null
          ? undefined
          : { order: { incarnation, change }, digest: reported, isConfirmed: isConfirmed ?? true };
      const rules = { tentative, calendarBuffer, travel };
      return [{ ...booked, slot: { start, end }, rules, lastReport }];
    });
    return (await Promise.all(present)).flat();
  },

  async beginReport({ auditionId, participant, lastReport }, digest) {
    const begun = { reported: digest ?? null, isConfirmed: false };
    const [row] = lastReport
      ? await db
          .update(participantConflicts)
          .set({ ...begun, change: lastReport.order.change + 1 })
          .where(isReport({ auditionId, participant }, lastReport.order))
          .returning(orderColumns)
      : await db
          .insert(participantConflicts)
          .values({ auditionId, participant, ...begun, change: 1 })
          .onConflictDoNothing()
          .returning(orderColumns);
    return row;
  },

  async confirmReport(of, order) {
    await db.update(participantConflicts).set({ isConfirmed: true }).where(isReport(of, order));
  },

  async reportAgain(auditionId) {
    const rows = await db
      .update(participantConflicts)
      .set({ reported: null, isConfirmed: true, change: sql`${participantConflicts.change} + 1` })
      .where(eq(participantConflicts.auditionId, auditionId))
      .returning(orderColumns);
    return rows.map(({ incarnation, change }) => ({ incarnation, change: change - 1 }));
  },
});

/** Without rules: the participant has left the cast, or the audition was booked before the rules were stored. */
const hasRules = sql`(${participantConflicts.tentative} IS NOT NULL)`;

const orderColumns = { incarnation: participantConflicts.incarnation, change: participantConflicts.change };

/** Selects the row if this is its last report. */
const isReport = ({ auditionId, participant }: ParticipantKey, { incarnation, change }: ReportOrder) =>
  and(
    eq(participantConflicts.auditionId, auditionId),
    eq(participantConflicts.participant, participant),
    eq(participantConflicts.incarnation, incarnation),
    eq(participantConflicts.change, change),
  );

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
  provider: z.enum(synchronizedCalendarProviders).nullable().transform(orUndefined),
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
  presentRoom: presentRoomSchema,
  revision: z.int(),
  incarnation: z.string().nullable(),
  change: z.int().nullable(),
  reported: z.string().nullable().transform(orUndefined),
  isConfirmed: z.boolean().nullable(),
  tentative: z.enum(tentativeRules),
  calendarBuffer: z.int(),
  travel: z.int(),
  events: z.array(nearbySchema),
});
