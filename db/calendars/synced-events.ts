/** Stores the events of synchronized calendars, and finds what has changed in those that this service has written. */
import { and, eq, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import {
  type AuditionId,
  auditionIdSchema,
  type ConnectionId,
  type ParticipantId,
  participantIdSchema,
} from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { ListedEvent } from '../../providers/ports.ts';
import type { Database } from '../client.ts';
import { forgetRepairedDamage, recordDamage } from '../connections/unreadable-events.ts';
import { syncedCalendars } from '../schema/synced-calendars.ts';
import { syncedEvents } from '../schema/synced-events.ts';
import { instantFromDatabase } from '../time.ts';
import { type CalendarAnswers, createCalendarAnswers } from './calendar-answers.ts';
import { withoutCopiedMarks } from './copied-events.ts';
import { isEvent } from './event-key.ts';
import { removeEvents, removeMissing, removeUnlisted } from './event-removal.ts';
import { passingErrors } from './failing-since.ts';
import { keepUids } from './own-event-uids.ts';
import type { EventToStore, PageToStore } from './page-to-store.ts';
import { type IsPresentRoom, presentRoomSchema, selectPresentRoom } from './present-room.ts';
import { type CalendarRemovals, createCalendarRemovals } from './removals.ts';
import { storablePage } from './storable-page.ts';
import type { CalendarKey, SyncProgress } from './sync-progress.ts';
import { createTextEdits, storedTexts, type TextEdits } from './text-edits.ts';
import { createUnaccountedEvents, type UnaccountedEvents } from './unaccounted-events.ts';
import { endUnnamed, noteUnnamed } from './unnamed-events.ts';

/** An event of ours, as it was written and as the calendar has it. */
export interface OwnEvent extends CalendarKey {
  readonly eventId: string;
  readonly auditionId: AuditionId;
  /** Undefined: the event only books the room, or hosts the meeting. */
  readonly participant: ParticipantId | undefined;
  /** Whether the event is of no participant and does not book the room of the slot: the meeting is its conference. */
  readonly isForMeeting: boolean;
  /** Whether the meeting is the conference of the event. The event can also be that of a participant or of a room. */
  readonly hostsMeeting: boolean;
  /** The number of the change. It begins anew with each incarnation of the row. */
  readonly change: number;
  /** Undefined in a row of an earlier version of this service. */
  readonly incarnation: string | undefined;
  readonly isRemoved: boolean;
  readonly isAllDay: boolean;
  readonly start: ListedEvent['start'];
  readonly end: ListedEvent['end'];
  /** The revision that the event states; undefined when another program has removed the mark. */
  readonly markedRevision: number | undefined;
  readonly writtenRevision: number;
  readonly writtenStart: ListedEvent['start'];
  readonly writtenEnd: ListedEvent['end'];
  /** When the last write was recorded. Undefined for one of an earlier version of this service. */
  readonly writtenAt: Instant | undefined;
  /** Before the last write began. Undefined for one of an earlier version of this service. */
  readonly writeStartedAt: Instant | undefined;
  /** When the page was requested that has contained the event last. Undefined: no page since the write has. */
  readonly readAt: Instant | undefined;
  /** The latest of our revisions in which the calendar was read. */
  readonly seenRevision: number | undefined;
  /** The revision whose write was lost and was repeated. */
  readonly repairedRevision: number | undefined;
  /** Whether the audition was told that the event is not as it was written. */
  readonly isReported: boolean;
}

export interface SyncedEvents extends CalendarAnswers, CalendarRemovals, TextEdits, UnaccountedEvents {
  /**
   * Stores a page and where the listing continues, in one transaction. The last page of a listing of all events also
   * deletes what that listing did not contain. Returns false, and stores nothing, when another attempt has stored the
   * page already.
   */
  storePage(at: SyncProgress, page: PageToStore): Promise<boolean>;
  /** Returns the etags of the series in the calendar that have an event later than a day ago. @param series default: of all */
  etagsBySeries(
    key: CalendarKey,
    series?: readonly string[],
  ): Promise<ReadonlyMap<string, string | undefined>>;
  /** Returns at most this many of those series: others with each call, and up to half of them with events of ours. */
  sampleSeries(key: CalendarKey, most: number): Promise<readonly string[]>;
  /** Returns the events of ours in the calendar that have changed since they were last compared. */
  listChanged(key: CalendarKey): Promise<readonly OwnEvent[]>;
  /** Returns all events of ours in the calendar whose slot is not over. */
  listOwn(key: CalendarKey): Promise<readonly OwnEvent[]>;
  /**
   * Marks the events as removed that were written before the last listing of all events began, and that no listing has
   * contained. Idempotent.
   */
  markMissing(key: CalendarKey, listedAt: Instant): Promise<void>;
  /**
   * Records that the audition is being told that the event is not as it was written. Returns false, and records nothing, when
   * there is a later change: that one is compared instead. Call it before the signal: if the process ends after the signal and the
   * event is put back, the audition is told so.
   */
  beginReport(changed: OwnEvent): Promise<boolean>;
  /**
   * Records that the change was compared, unless there is a later one. @param outcome `reported`: the audition was told.
   * `repaired`: it was told to repeat a lost write.
   */
  markCompared(changed: OwnEvent, outcome: 'as_written' | 'reported' | 'repaired'): Promise<void>;
  /** Returns how many events of the connection are stored. */
  count(connection: ConnectionId): Promise<number>;
}

/** The rows of the calendar with a series and an end later than a day ago. */
const hasLaterEvent = ({ connection, calendar }: CalendarKey): SQL => sql`
  connection = ${connection} AND calendar = ${calendar} AND series IS NOT NULL
    AND NOT is_removed AND ends_at > now() - interval '1 day'`;

/** A calendar with this many events changes the statistics of the table. */
const largeCalendar = 10_000;

/** Creates the repository. */
export const createSyncedEvents = (db: Database, isPresentRoom: IsPresentRoom): SyncedEvents => ({
  ...createCalendarAnswers(db, isPresentRoom),
  ...createUnaccountedEvents(db),
  ...createTextEdits(db),
  ...createCalendarRemovals(db),

  async storePage(at, listed) {
    const page = storablePage(listed);
    const ended = page.nextPage === undefined && at.position.kind === 'all' ? at.position : undefined;
    const listedCount = await db.transaction(async (transaction) => {
      const count = await advance(transaction, at, page);
      if (count === undefined) return undefined;
      // Of two changes of an event, the later one counts.
      const latest = [...new Map(page.events.map((event) => [event.id, event])).values()];
      const events = await withoutCopiedMarks(transaction, at, latest);
      const kept = await keepUnread(transaction, at, page);
      // First, because the page lists the occurrences that a changed series still has.
      await removeEvents(transaction, at, events, { reportedAt: page.requestedAt, kept });
      await upsertEvents(transaction, at, events, page.requestedAt);
      await keepUids(transaction, ownUidsIn(events));
      await removeMissing(transaction, at, page, events);
      await recordDamage(transaction, at, page.leftOut?.faults ?? []);
      await noteUnnamed(
        transaction,
        at,
        page.leftOut?.events.filter(({ by }) => by === 'unknown').length ?? 0,
      );
      if (ended) {
        await forgetRepairedDamage(transaction, at);
        const unnamedSince = await endUnnamed(transaction, at);
        await removeUnlisted(transaction, at, { from: ended.since, until: page.listedUntil, unnamedSince });
      }
      return count;
    });
    if (listedCount === undefined) return false;
    // PostgreSQL does this by itself within minutes. Until then it expects one event for a new connection, and reads all of
    // them to find one.
    if (ended && listedCount >= largeCalendar) await db.execute(sql`ANALYZE synced_events`);
    return true;
  },

  async etagsBySeries(key, series) {
    const { rows } = await db.execute(sql`
      SELECT series, max(etag) AS etag FROM synced_events
      WHERE ${hasLaterEvent(key)} AND ${series ? sql`series = ANY(${sql.param(series)}::text[])` : sql`true`}
      GROUP BY series
    `);
    return new Map(
      rows.map((row) => etagSchema.parse(row)).map(({ series, etag }) => [series, etag ?? undefined]),
    );
  },

  async sampleSeries(key, most) {
    const { rows } = await db.execute(sql`
      SELECT series, NULL AS etag FROM (
        SELECT series, is_ours, row_number() OVER (PARTITION BY is_ours ORDER BY random()) AS place FROM (
          SELECT series, bool_or(audition_id IS NOT NULL) AS is_ours FROM synced_events WHERE ${hasLaterEvent(key)}
          GROUP BY series
        ) AS later
      ) AS shuffled
      ORDER BY (is_ours AND place <= ${Math.ceil(most / 2)}) DESC, random() LIMIT ${most}
    `);
    return rows.map((row) => etagSchema.parse(row).series);
  },

  listChanged: (key) => selectOwn(db, isPresentRoom, key, sql`NOT is_checked`),

  listOwn: (key) => selectOwn(db, isPresentRoom, key, sql`written_end > now()`),

  async markMissing({ connection, calendar }, listedAt) {
    await db.execute(sql`
      UPDATE synced_events SET is_removed = true, is_checked = false, change = change + 1
      WHERE connection = ${connection} AND calendar = ${calendar} AND audition_id IS NOT NULL AND NOT is_removed
        AND read_at IS NULL AND written_at < ${listedAt}
        AND starts_at < ${listedAt}::timestamptz + ${surelyListed}
    `);
  },

  async beginReport({ connection, calendar, eventId, change }) {
    const begun = await db
      .update(syncedEvents)
      .set({ isReported: true })
      .where(and(isEvent({ connection, calendar, eventId }), eq(syncedEvents.change, change)))
      .returning({ change: syncedEvents.change });
    return begun.length > 0;
  },

  async markCompared({ connection, calendar, eventId, change, writtenRevision }, outcome) {
    await db
      .update(syncedEvents)
      .set({
        isChecked: true,
        isReported: outcome === 'reported',
        ...(outcome === 'repaired' ? { repairedRevision: writtenRevision } : {}),
      })
      .where(and(isEvent({ connection, calendar, eventId }), eq(syncedEvents.change, change)));
  },

  async count(connection) {
    const { rows } = await db.execute(
      sql`SELECT count(*)::int AS count FROM synced_events WHERE connection = ${connection} AND NOT is_removed`,
    );
    return z.object({ count: z.int() }).parse(rows[0]).count;
  },
});

const ownUidsIn = (events: readonly EventToStore[]) =>
  events.flatMap(({ event, audition, uid, creation }) => {
    if (!event || audition === undefined || uid === undefined) return [];
    // An occurrence has a UID of its own. The creation is that of its series.
    return [{ auditionId: audition, uid, creation: creation?.uid === uid ? creation.id : undefined }];
  });

type Transaction = Pick<Database, 'execute' | 'select' | 'update' | 'delete'>;

/** Every vendor lists the events of a year. Some list no later ones. */
const surelyListed = sql`interval '365 days'`;

const selectOwn = async (
  db: Database,
  isPresentRoom: IsPresentRoom,
  { connection, calendar }: CalendarKey,
  which: SQL,
): Promise<readonly OwnEvent[]> => {
  const { rows } = await db.execute(sql`
    SELECT event_id AS "eventId", audition_id AS "auditionId", participant, change, incarnation,
      booked_by IS NOT NULL AS "isBooking", room_calendar AS room,
      CASE WHEN participant IS NULL AND booked_by IS NOT NULL AND hosted_by IS NOT NULL
        THEN ${selectPresentRoom(sql`audition_id`, sql`written_revision`)} END AS "presentRoom",
      hosted_by IS NOT NULL AS "hostsMeeting",
      is_removed AS "isRemoved", is_all_day AS "isAllDay", starts_at AS start, ends_at AS end,
      marked_revision AS "markedRevision", written_revision AS "writtenRevision",
      written_start AS "writtenStart", written_end AS "writtenEnd", written_at AS "writtenAt", write_started_at AS "writeStartedAt",
      read_at AS "readAt", read_revision AS "seenRevision", repaired_revision AS "repairedRevision",
      is_reported AS "isReported"
    FROM synced_events
    WHERE connection = ${connection} AND calendar = ${calendar} AND audition_id IS NOT NULL AND ${which}
    ORDER BY event_id
  `);
  const selected = rows.map(async (row) => {
    const { isBooking, room, presentRoom, ...own } = ownSchema.parse(row);
    const booksRoom = isBooking && (await isPresentRoom(own.auditionId, presentRoom, { connection, room }));
    const isForMeeting = own.participant === undefined && !booksRoom && own.hostsMeeting;
    return { ...own, isForMeeting, connection, calendar };
  });
  return Promise.all(selected);
};

const etagSchema = z.object({ series: z.string(), etag: z.string().nullable() });

const revisionOrNull = z
  .int()
  .nullable()
  .transform((revision) => revision ?? undefined);
const textOrNull = z
  .string()
  .nullable()
  .transform((text) => text ?? undefined);
const instantOrNull = instantFromDatabase.nullable().transform((at) => at ?? undefined);

const ownSchema = z.object({
  eventId: z.string(),
  auditionId: auditionIdSchema,
  participant: participantIdSchema.nullable().transform((participant) => participant ?? undefined),
  isBooking: z.boolean(),
  room: textOrNull,
  presentRoom: presentRoomSchema,
  hostsMeeting: z.boolean(),
  change: z.int(),
  incarnation: textOrNull,
  isRemoved: z.boolean(),
  isAllDay: z.boolean(),
  start: instantFromDatabase,
  end: instantFromDatabase,
  markedRevision: revisionOrNull,
  writtenRevision: z.int(),
  writtenStart: instantFromDatabase,
  writtenEnd: instantFromDatabase,
  writtenAt: instantOrNull,
  writeStartedAt: instantOrNull,
  readAt: instantOrNull,
  seenRevision: revisionOrNull,
  repairedRevision: revisionOrNull,
  isReported: z.boolean(),
});

/**
 * A page ends a fault that can end by itself: the vendor has answered. Other problems last until the listing is complete: a calendar
 * with too many events has them on a later page.
 */
const progressingColumns = (() => {
  const { state, error, errorSince } = syncedCalendars;
  const isOver = sql`${error} = ANY(${sql.param([...passingErrors])}::text[])`;
  return {
    state: sql`CASE WHEN ${isOver} AND ${state} = 'unavailable' THEN 'listing' ELSE ${state} END`,
    error: sql`CASE WHEN ${isOver} THEN NULL ELSE ${error} END`,
    errorSince: sql`CASE WHEN ${isOver} THEN NULL ELSE ${errorSince} END`,
  };
})();

/** Moves the calendar to the next page. Locks its row. Returns how many events were listed; undefined when it is no longer where the page was read. */
const advance = async (
  transaction: Transaction,
  { connection, calendar, generation, position }: SyncProgress,
  { events, nextPage, nextCursor }: PageToStore,
): Promise<number | undefined> => {
  const isFirst = position.page === undefined;
  const isLast = nextPage === undefined;
  // An event that is read by itself later is counted then.
  const count = events.filter(({ isPartial }) => isPartial !== true).length;
  const cursor = position.kind === 'changes' ? position.cursor : null;
  const moved = await transaction
    .update(syncedCalendars)
    .set({
      page: nextPage ?? null,
      eventsDeniedAt: null,
      listedCount: isFirst ? count : sql`${syncedCalendars.listedCount} + ${count}`,
      ...(isLast
        ? {
            state: 'in_sync',
            cursor: nextCursor ?? null,
            listedSince: null,
            ...(position.kind === 'all' ? { listedAt: sql`${syncedCalendars.listingBeganAt}` } : {}),
            error: null,
            errorSince: null,
            syncedAt: sql`now()`,
          }
        : progressingColumns),
    })
    .where(
      and(
        eq(syncedCalendars.connection, connection),
        eq(syncedCalendars.calendar, calendar),
        eq(syncedCalendars.generation, generation),
        sql`${syncedCalendars.cursor} IS NOT DISTINCT FROM ${cursor}`,
        sql`${syncedCalendars.page} IS NOT DISTINCT FROM ${position.page ?? null}`,
        // Without a cursor, the listing of all events is still under way.
        position.kind === 'all' ? sql`${syncedCalendars.listedSince} IS NOT NULL` : undefined,
      ),
    )
    .returning({ listedCount: syncedCalendars.listedCount });
  return moved[0]?.listedCount;
};

/** What makes a change: another time, another mark, or that a deleted event is there again. The etag alone does not. */
const differs = sql`(known.starts_at, known.ends_at, known.is_all_day, known.is_removed, known.marked_revision)
  IS DISTINCT FROM (excluded.starts_at, excluded.ends_at, excluded.is_all_day, false, excluded.marked_revision)`;

/** The same answer is another one when it was given at another time, or after our write has removed it. */
const answerDiffers = sql`(known.answer, known.answered_at, known.answer_revision)
  IS DISTINCT FROM (excluded.answer, excluded.answered_at, excluded.answer_revision)`;

/** Only answers to events of ours are stored. */
const answerColumnsOf = ({ event, audition, revision }: EventToStore) => {
  const { given, givenAt, changedAt, endsWithRevision } = (audition && event?.answer) || {};
  return {
    answer: given,
    answeredAt: givenAt,
    answerRevision: endsWithRevision ? revision : undefined,
    knownAt: givenAt ?? changedAt,
  };
};

const upsertEvents = async (
  transaction: Transaction,
  at: SyncProgress,
  events: readonly EventToStore[],
  requestedAt: Instant,
): Promise<void> => {
  const partial = events.filter(({ isPartial }) => isPartial === true);
  const whole = events.filter(({ isPartial }) => isPartial !== true);
  const newTexts = { edited: sql`excluded.edited_texts`, roomAnswer: sql`excluded.room_answer` };
  await upsert(transaction, at, whole, requestedAt, newTexts);
  await upsert(transaction, at, partial, requestedAt, keptTexts);
};

/** What is known of texts and room in an event whose revision is the same. */
const keptTexts = (() => {
  const isSame = sql`known.marked_revision IS NOT DISTINCT FROM excluded.marked_revision`;
  return {
    edited: sql`CASE WHEN ${isSame} THEN known.edited_texts END`,
    roomAnswer: sql`CASE WHEN ${isSame} THEN known.room_answer END`,
  };
})();

const upsert = async (
  transaction: Transaction,
  { connection, calendar, generation }: SyncProgress,
  events: readonly EventToStore[],
  requestedAt: Instant,
  texts: { readonly edited: SQL; readonly roomAnswer: SQL },
): Promise<void> => {
  const present = events.flatMap((listed) => {
    const { id, series, event, audition, revision, roomAnswer, uid } = listed;
    const edited = storedTexts(listed.edited);
    return event
      ? [{ id, series, ...event, audition, revision, roomAnswer, uid, edited, ...answerColumnsOf(listed) }]
      : [];
  });
  if (present.length === 0) return;
  await transaction.execute(sql`
    INSERT INTO synced_events AS known (
      connection, calendar, event_id, series, starts_at, ends_at, zone, is_all_day, busy, etag, generation,
      marked_audition, marked_revision, answer, answered_at, answer_revision, answer_known_at, is_answer_reported,
      read_revision, read_at, room_answer, uid, edited_texts
    )
    SELECT ${connection}, ${calendar}, id, series, start, "end", zone, "isAllDay", busy, etag, ${generation}::int,
      audition, revision, answer, "answeredAt", "answerRevision", least(coalesce("knownAt", now()), now()), answer IS NULL,
      revision, ${requestedAt}::timestamptz, "roomAnswer", uid, edited
    FROM json_to_recordset(${JSON.stringify(present)}::json) AS listed (
      id text, series text, start timestamptz, "end" timestamptz, zone text, "isAllDay" boolean, busy text, etag text,
      audition text, revision int, answer text, "answeredAt" timestamptz, "answerRevision" int, "knownAt" timestamptz,
      "roomAnswer" text, uid text, edited text
    )
    ON CONFLICT (connection, calendar, event_id) DO UPDATE SET
      series = excluded.series, starts_at = excluded.starts_at, ends_at = excluded.ends_at, zone = excluded.zone,
      is_all_day = excluded.is_all_day, busy = excluded.busy, etag = excluded.etag, is_removed = false,
      generation = excluded.generation, seen_as = excluded.seen_as,
      marked_audition = excluded.marked_audition, marked_revision = excluded.marked_revision,
      read_revision = greatest(known.read_revision, excluded.read_revision), read_at = excluded.read_at,
      room_answer = ${texts.roomAnswer}, uid = excluded.uid,
      edited_texts = ${texts.edited},
      text_change = known.text_change
        + CASE WHEN known.edited_texts IS DISTINCT FROM (${texts.edited}) THEN 1 ELSE 0 END,
      room_answer_change = known.room_answer_change + CASE
        WHEN (known.room_answer, known.marked_revision) IS DISTINCT FROM (${texts.roomAnswer}, excluded.marked_revision)
        THEN 1 ELSE 0 END,
      change = known.change + CASE WHEN ${differs} THEN 1 ELSE 0 END,
      is_checked = known.is_checked AND NOT (${differs}),
      answer = excluded.answer, answered_at = excluded.answered_at, answer_revision = excluded.answer_revision,
      answer_known_at = CASE WHEN ${answerDiffers} THEN excluded.answer_known_at ELSE known.answer_known_at END,
      answer_change = known.answer_change + CASE WHEN ${answerDiffers} THEN 1 ELSE 0 END,
      is_answer_reported = known.is_answer_reported AND NOT (${answerDiffers})
  `);
};

/**
 * Keeps what is stored of events that exist and cannot be read: the listing has contained them. Returns their ids. What an
 * event without a name can be is kept at the end of the listing.
 */
const keepUnread = async (
  transaction: Transaction,
  { connection, calendar, generation }: SyncProgress,
  { leftOut, requestedAt }: PageToStore,
): Promise<readonly string[]> => {
  const unread = leftOut?.events ?? [];
  if (unread.length === 0) return [];
  const ids = textArray(unread.flatMap((event) => (event.by === 'id' ? event.id : [])));
  const series = textArray(unread.flatMap((event) => (event.by === 'series' ? event.series : [])));
  const uids = textArray(unread.flatMap((event) => (event.by === 'uid' ? event.uid : [])));
  const inCalendar = sql`connection = ${connection} AND calendar = ${calendar}`;
  const { rows } = await transaction.execute(sql`
    UPDATE synced_events SET generation = ${generation},
      read_at = greatest(read_at, ${requestedAt}::timestamptz)
    WHERE ${inCalendar} AND (event_id = ANY(${ids}) OR series = ANY(${series}) OR uid = ANY(${uids}))
    RETURNING event_id AS "eventId"
  `);
  return rows.map((row) => keptSchema.parse(row).eventId);
};

const textArray = (values: readonly string[]): SQL => sql`${sql.param([...values])}::text[]`;

const keptSchema = z.object({ eventId: z.string() });
