/**
 * Stores what this service has written to calendars, beside what the synchronisation reads from them. The comparison of
 * both tells a change by a person from our own write, which comes back as a change as well.
 */
import { and, eq, inArray, isNotNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { ReportOrder } from '../../domain/audition/calendar-change.ts';
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import type { AnswerTimes } from '../../domain/audition/last-answers.ts';
import type { RoomAnswer } from '../../domain/audition/room-booking.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import type { AuditionId, ConnectionId, OrganizationId, ParticipantId } from '../../domain/ids.ts';
import type { WritableCalendarName } from '../../domain/providers/vendors.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { KnownEvent } from '../../providers/ports.ts';
import type { ReadStoredNames, StoredNames } from '../auditions/stored-names.ts';
import type { Database } from '../client.ts';
import { syncedEvents } from '../schema/synced-events.ts';
import { instantFromDatabase } from '../time.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { roomMark } from './calendar-answers.ts';
import { findCreations, findUids, type KnownCreations, keepUids } from './own-event-uids.ts';
import { keepCalendar, registerCalendar } from './registered-calendars.ts';

interface WrittenEvent {
  readonly organization: OrganizationId;
  readonly connection: ConnectionId;
  readonly provider: WritableCalendarName;
  /** The canonical name of the calendar. */
  readonly calendarName: string;
  readonly calendarId: string;
  /** The provider's id of the event. */
  readonly eventId: string;
  /** The UID (RFC 5545) that the calendar has chosen for the event. */
  readonly uid?: string | undefined;
  /** The id of its creation (`EventCreation`), if the vendor tells copies by it. */
  readonly creation?: string | undefined;
  readonly auditionId: AuditionId;
  /** Undefined: the event was written to book the room, or for the meeting. */
  readonly participant: ParticipantId | undefined;
  /** The room that the event books. Its busy times are read from then on. */
  readonly room?: { readonly calendarName: string; readonly calendarId: string } | undefined;
  /** Whether the event was written because the meeting is its conference. */
  readonly isForMeeting?: boolean | undefined;
  /** The key of the step that has written the event. */
  readonly key: string;
  readonly slot: Slot;
  readonly revision: number;
  /** When it was written. Default: now. */
  readonly writtenAt?: Instant | undefined;
  /** Before the write: what the synchronisation has read since then can be later than the write. Default: now. */
  readonly startedAt?: Instant | undefined;
}

export interface WrittenEvents {
  /**
   * Records that the event was written, and registers its calendar for synchronisation. Idempotent. Call it after the
   * write. An earlier revision than the recorded one changes nothing. A removal of the event that has begun is dropped.
   */
  record(written: WrittenEvent): Promise<void>;
  /**
   * Returns what is known of the event of the audition in the calendar; undefined when none was written there, or the last one
   * was removed. @param calendarName the canonical name of the calendar
   */
  findKnown(
    auditionId: AuditionId,
    connection: ConnectionId,
    calendarName: string,
  ): Promise<KnownEvent | undefined>;
  /** Returns the UIDs under which calendars have published the events of the audition, those of former events included. */
  findUids(auditionId: AuditionId): Promise<ReadonlySet<string>>;
  /** Returns the known creations of events of the auditions, by which copies of the events are told from them. */
  findCreations(auditions: readonly AuditionId[]): Promise<KnownCreations>;
  /** Returns the times for which the events of the audition book its room. */
  findBookings(auditionId: AuditionId): Promise<readonly TimeRange[]>;
  /**
   * Compares the events of the audition again, so that those that are not as they were written are reported again, and so are
   * the answers that the audition has not recorded. Returns the last reports. Reports that are being sent are not later than these.
   */
  compareAgain(auditionId: AuditionId, recorded: RecordedAnswers): Promise<readonly ReportOrder[]>;
  /** Stops comparing the events that steps with these keys have written. Call it before they are removed. Idempotent. */
  forget(auditionId: AuditionId, keys: readonly string[]): Promise<void>;
}

/** What the trail of an audition says of the answers to its events. */
interface RecordedAnswers {
  /** Until when the answers of each participant are recorded. */
  readonly answers: AnswerTimes;
  /** The last recorded answer of the room about the present slot. */
  readonly room: { readonly revision: number; readonly answer: RoomAnswer } | undefined;
}

const knownSchema = z.object({
  writtenStart: instantFromDatabase,
  writtenEnd: instantFromDatabase,
  start: instantFromDatabase,
  end: instantFromDatabase,
  isReported: z.boolean(),
  isPresent: z.boolean(),
});
const bookingSchema = z.object({ start: instantFromDatabase, end: instantFromDatabase });

/** Creates the repository. */
export const createWrittenEvents = (
  db: Database,
  vault: Pick<Vault, 'seal'>,
  storedNames: ReadStoredNames,
): WrittenEvents => ({
  async record(written) {
    const { connection, eventId, auditionId, uid, creation } = written;
    const names = await storedNames();
    const calendar = names.calendar(written.calendarName);
    await db.transaction(async (transaction) => {
      const generation = await keepCalendar(transaction, { connection, calendar });
      if (uid !== undefined) await keepUids(transaction, [{ auditionId, uid, creation }]);
      // A deleted event that cannot be revived has another id now.
      const former = await transaction
        .delete(syncedEvents)
        .where(
          and(
            eq(syncedEvents.auditionId, auditionId),
            eq(syncedEvents.connection, connection),
            eq(syncedEvents.calendar, calendar),
            sql`${syncedEvents.eventId} <> ${eventId}`,
          ),
        )
        .returning({ repairedRevision: syncedEvents.repairedRevision });
      const repaired = former.find(({ repairedRevision }) => repairedRevision !== null)?.repairedRevision;
      await transaction.execute(upsert(written, names, calendar, generation, repaired ?? null));
      // The audition uses the event again. What removes it later is another removal.
      await transaction.execute(sql`
        DELETE FROM calendar_removals
        WHERE connection = ${connection} AND calendar = ${calendar} AND event_id = ${eventId}
      `);
    });
    // After the event is stored: the synchronisation forgets a calendar that is not used.
    await registerCalendar(db, vault, { ...written, calendar, isBusyOnly: false });
    if (written.room) {
      const { organization, provider, room } = written;
      const stored = names.calendar(room.calendarName);
      const about = { organization, connection, provider, calendarId: room.calendarId, calendar: stored };
      await registerCalendar(db, vault, { ...about, isBusyOnly: true, isRoom: true });
    }
  },

  async findKnown(auditionId, connection, calendarName) {
    const names = await storedNames();
    const { rows } = await db.execute(sql`
      SELECT written_start AS "writtenStart", written_end AS "writtenEnd", starts_at AS start, ends_at AS end,
        is_reported AS "isReported",
        coalesce(read_revision >= written_revision, false) AND NOT is_removed AND NOT is_reported AS "isPresent"
      FROM synced_events
      WHERE audition_id = ${auditionId} AND connection = ${connection} AND calendar = ${names.calendar(calendarName)}
    `);
    const [row] = rows;
    if (!row) return undefined;
    const { writtenStart, writtenEnd, start, end, isReported, isPresent } = knownSchema.parse(row);
    const reported = isReported ? [{ start, end }] : [];
    return { times: [{ start: writtenStart, end: writtenEnd }, ...reported], isPresent };
  },

  findUids: (auditionId) => findUids(db, auditionId),

  findCreations: (auditions) => findCreations(db, auditions),

  async findBookings(auditionId) {
    const rows = await db
      .select({ start: syncedEvents.writtenStart, end: syncedEvents.writtenEnd })
      .from(syncedEvents)
      .where(and(eq(syncedEvents.auditionId, auditionId), isNotNull(syncedEvents.bookedBy)));
    return rows.map((row) => bookingSchema.parse(row));
  },

  async compareAgain(auditionId, { answers, room }) {
    const recordedAt = sql`to_timestamp((${JSON.stringify(answers)}::jsonb ->> ${syncedEvents.participant})::bigint / 1000.0)`;
    const { isAnswerReported, answer, answerKnownAt, bookedBy, reportedRoomAnswer } = syncedEvents;
    const rows = await db
      .update(syncedEvents)
      .set({
        isChecked: false,
        change: sql`${syncedEvents.change} + 1`,
        isAnswerReported: sql`${isAnswerReported}
          AND (${answer} IS NULL OR coalesce(${answerKnownAt} <= ${recordedAt}, false))`,
        reportedRoomAnswer: sql`CASE WHEN ${bookedBy} IS NULL THEN ${reportedRoomAnswer}
          ELSE ${room ? roomMark(room.revision, room.answer) : null} END`,
      })
      .where(eq(syncedEvents.auditionId, auditionId))
      .returning({ incarnation: syncedEvents.incarnation, change: syncedEvents.change });
    return rows.flatMap(({ incarnation, change }) =>
      incarnation === null ? [] : [{ incarnation, change: change - 1 }],
    );
  },

  async forget(auditionId, keys) {
    if (keys.length === 0) return;
    const ended = sql`${sql.param([...keys])}::text[]`;
    await db.transaction(async (transaction) => {
      // A participant, the room and the meeting can share an event. The others keep it.
      await transaction.execute(sql`
        UPDATE synced_events SET
          participant = CASE WHEN written_by = ANY(${ended}) THEN NULL ELSE participant END,
          booked_by = CASE WHEN booked_by = ANY(${ended}) THEN NULL ELSE booked_by END,
          room_calendar = CASE WHEN booked_by = ANY(${ended}) THEN NULL ELSE room_calendar END,
          room_answer = CASE WHEN booked_by = ANY(${ended}) THEN NULL ELSE room_answer END,
          reported_room_answer = CASE WHEN booked_by = ANY(${ended}) THEN NULL ELSE reported_room_answer END,
          hosted_by = CASE WHEN hosted_by = ANY(${ended}) THEN NULL ELSE hosted_by END
        WHERE audition_id = ${auditionId}
          AND (written_by = ANY(${ended}) OR booked_by = ANY(${ended}) OR hosted_by = ANY(${ended}))
      `);
      await transaction.execute(sql`
        UPDATE synced_events SET written_by = coalesce(booked_by, hosted_by)
        WHERE audition_id = ${auditionId} AND participant IS NULL AND written_by = ANY(${ended})
          AND (booked_by IS NOT NULL OR hosted_by IS NOT NULL)
      `);
      await transaction
        .delete(syncedEvents)
        .where(and(eq(syncedEvents.auditionId, auditionId), inArray(syncedEvents.writtenBy, [...keys])));
    });
  },
});

/**
 * The synchronisation can have read the event before this row is written. Then the comparison is left to it: a person can
 * have changed the event since the write. Otherwise, the event is as it was just written. An answer of the room is about the
 * revision that the event stated when it was read.
 */
const upsert = (
  {
    connection,
    eventId,
    auditionId,
    participant,
    room: booked,
    isForMeeting = false,
    key,
    revision,
    slot: { start, end, zone, room },
    writtenAt,
    startedAt,
  }: WrittenEvent,
  names: StoredNames,
  calendar: string,
  generation: number,
  repaired: number | null,
) => {
  const started = sql`coalesce(${startedAt ?? null}::timestamptz, now())`;
  // Only our write can have put the new revision there.
  const isReadAlready = sql`(known.audition_id IS NULL OR known.read_at > ${started}
    OR (known.marked_revision = excluded.written_revision AND known.written_revision < excluded.written_revision))`;
  const isRemovedAlready = sql`coalesce(known.is_removed AND known.removed_at > ${started}, false)`;
  const isLeft = sql`coalesce(${isReadAlready} OR ${isRemovedAlready}, false)`;
  return sql`
  INSERT INTO synced_events AS known (
    connection, calendar, event_id, starts_at, ends_at, zone, is_all_day, busy, generation,
    marked_audition, marked_revision,
    audition_id, incarnation, participant, written_by, booked_by, room_calendar, hosted_by, written_revision, written_at, write_started_at, written_start, written_end,
    written_in_person, repaired_revision
  ) VALUES (
    ${connection}, ${calendar}, ${eventId}, ${start}, ${end}, ${zone}, false, 'busy', ${generation},
    ${auditionId}, ${revision},
    ${auditionId}, gen_random_uuid(), ${participant ?? null}, ${key},
    ${participant === undefined && !isForMeeting ? key : null}, ${booked ? names.calendar(booked.calendarName) : null}, ${isForMeeting ? key : null}, ${revision},
    coalesce(${writtenAt ?? null}::timestamptz, now()),
    coalesce(${startedAt ?? null}::timestamptz, ${writtenAt ?? null}::timestamptz, now()), ${start}, ${end},
    ${room !== undefined}, ${repaired}::int
  )
  ON CONFLICT (connection, calendar, event_id) DO UPDATE SET
    audition_id = excluded.audition_id,
    incarnation = CASE WHEN known.audition_id IS NULL THEN excluded.incarnation ELSE known.incarnation END,
    participant = coalesce(excluded.participant, known.participant),
    written_by = CASE WHEN excluded.participant IS NULL AND known.participant IS NOT NULL
      THEN known.written_by ELSE excluded.written_by END,
    booked_by = coalesce(excluded.booked_by, known.booked_by),
    room_calendar = CASE WHEN excluded.booked_by IS NULL THEN known.room_calendar ELSE excluded.room_calendar END,
    hosted_by = coalesce(excluded.hosted_by, known.hosted_by),
    room_answer = CASE WHEN known.marked_revision = excluded.written_revision THEN known.room_answer END,
    written_revision = excluded.written_revision,
    written_at = excluded.written_at,
    write_started_at = excluded.write_started_at,
    written_start = excluded.written_start,
    written_end = excluded.written_end,
    written_in_person = excluded.written_in_person,
    repaired_revision = coalesce(excluded.repaired_revision, known.repaired_revision),
    generation = greatest(known.generation, excluded.generation), seen_as = excluded.seen_as,
    starts_at = CASE WHEN ${isLeft} THEN known.starts_at ELSE excluded.starts_at END,
    ends_at = CASE WHEN ${isLeft} THEN known.ends_at ELSE excluded.ends_at END,
    is_all_day = ${isLeft} AND known.is_all_day,
    is_removed = ${isRemovedAlready},
    marked_audition = excluded.marked_audition,
    marked_revision = CASE WHEN ${isLeft} THEN known.marked_revision ELSE excluded.marked_revision END,
    read_revision = CASE WHEN ${isRemovedAlready} THEN excluded.written_revision ELSE known.read_revision END,
    is_checked = NOT ${isLeft},
    is_reported = ${isLeft} AND known.is_reported,
    change = known.change + CASE WHEN ${isLeft} THEN 0 ELSE 1 END
  WHERE known.audition_id IS NULL OR known.written_revision <= excluded.written_revision
`;
};
