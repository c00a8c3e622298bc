import { sql } from 'drizzle-orm';
import { boolean, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { answers } from '../../domain/audition/events.ts';
import { roomAnswers } from '../../domain/audition/room-booking.ts';
import { busyKinds } from '../../domain/calendars/busy-kind.ts';
import { seenAsKinds } from '../../domain/calendars/seen-as.ts';
import { instant } from './columns.ts';
import { isUnkeyedResource } from './unkeyed-hashes.ts';

/**
 * The events of synchronized calendars, without texts and people. A row with an `auditionId` is an event of ours: it
 * also says what was written, and it stays when the event is deleted.
 */
export const syncedEvents = pgTable(
  'synced_events',
  {
    connection: text().notNull(),
    calendar: text().notNull(),
    /** The provider's id of the event or the occurrence. */
    eventId: text('event_id').notNull(),
    series: text(),
    startsAt: instant('starts_at').notNull(),
    endsAt: instant('ends_at').notNull(),
    zone: text().notNull(),
    isAllDay: boolean('is_all_day').notNull(),
    busy: text({ enum: busyKinds }).notNull(),
    /** Without an event, the id is made of the time. */
    seenAs: text('seen_as', { enum: seenAsKinds }).notNull().default('event'),
    etag: text(),
    /** The UID (RFC 5545), where copies of our events are recognized by it. */
    uid: text(),
    isRemoved: boolean('is_removed').notNull().default(false),
    /** The listing of all events that has last contained it. */
    generation: integer().notNull(),
    /** The audition that the event's mark names, if its id proves it. */
    markedAudition: text('marked_audition'),
    /** The revision in the mark. */
    markedRevision: integer('marked_revision'),
    /** When the page was requested that has contained the event last. Null: the calendar was not read since the write. */
    readAt: instant('read_at'),
    /** When the page was requested that has reported the deletion. Null: a page has only not contained the event. */
    removedAt: instant('removed_at'),
    /** The latest of our revisions in which the calendar was read. It proves that the write has reached the calendar. */
    readRevision: integer('read_revision'),
    /** Counts the changes of time, existence and mark, since the row was made. */
    change: integer().notNull().default(0),

    /** The audition that has written the event and still uses it. */
    auditionId: text('audition_id'),
    /** Distinguishes the row from an earlier one of the same event, whose changes were counted as well. Null in old rows. */
    incarnation: text(),
    /** Null: the event is of no participant, and books the room. */
    participant: text(),
    /** The key of the step that has written the event last. */
    writtenBy: text('written_by'),
    writtenRevision: integer('written_revision'),
    /** When the last write was recorded. */
    writtenAt: instant('written_at'),
    /** Before the last write began. What was read earlier does not show it. */
    writeStartedAt: instant('write_started_at'),
    writtenStart: instant('written_start'),
    writtenEnd: instant('written_end'),
    /** Whether the written slot takes place in a room. */
    writtenInPerson: boolean('written_in_person').notNull().default(false),
    /** Whether the present change was compared with what was written. */
    isChecked: boolean('is_checked').notNull().default(true),
    /** Whether the audition was told that the event is not as it was written. */
    isReported: boolean('is_reported').notNull().default(false),
    /** The owner's answer to an event of ours. */
    answer: text({ enum: answers }),
    /** When the answer was given, if the vendor says so. */
    answeredAt: instant('answered_at'),
    /** The revision that the answer was given for, where our writes of another one remove it. */
    answerRevision: integer('answer_revision'),
    /** When the present answer was given or removed, at the latest. */
    answerKnownAt: instant('answer_known_at'),
    /** Counts the changes of the answer. */
    answerChange: integer('answer_change').notNull().default(0),
    /** Whether the audition was told of the present answer. */
    isAnswerReported: boolean('is_answer_reported').notNull().default(true),
    /** The revision whose write was lost and was repeated. It is repeated once. */
    repairedRevision: integer('repaired_revision'),

    /** The key of the step that has booked the room with the event. Null: the event books none. */
    bookedBy: text('booked_by'),
    /** The calendar of the room that the event books, as in `slot_holds`. Null in rows of an earlier version. */
    roomCalendar: text('room_calendar'),
    /** The key of the step that has created the audition's meeting as the conference of the event. Null: it has none. */
    hostedBy: text('hosted_by'),
    /** What the room has answered to the event. Null when that is unknown. */
    roomAnswer: text('room_answer', { enum: roomAnswers }),
    /** Incremented when the answer of the room, or the revision that it is about, changes. */
    roomAnswerChange: integer('room_answer_change').notNull().default(0),
    /** The revision and the answer that were reported to the audition. */
    reportedRoomAnswer: text('reported_room_answer'),

    /** The texts of an event of ours that a person has edited, with a digest of each: `title:0123456789abcdef`. Null: none. */
    editedTexts: text('edited_texts'),
    /** What `edited_texts` was when the trail of the audition was told last. */
    recordedTexts: text('recorded_texts'),
    /** Counts the changes of `edited_texts`. */
    textChange: integer('text_change').notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.connection, table.calendar, table.eventId] }),
    index('synced_events_by_time').using(
      'gist',
      table.connection,
      table.calendar,
      sql`tstzrange(${table.startsAt}, ${table.endsAt}, '[)')`,
    ),
    index('synced_events_by_series')
      .on(table.connection, table.calendar, table.series)
      .where(sql`${table.series} IS NOT NULL`),
    index('synced_events_by_audition').on(table.auditionId).where(sql`${table.auditionId} IS NOT NULL`),
    index('synced_events_by_end').on(table.connection, table.endsAt),
    // Each round asks for these few among all events of a calendar.
    index('synced_events_own')
      .on(table.connection, table.calendar)
      .where(sql`${table.auditionId} IS NOT NULL`),
    index('synced_events_by_room').on(table.roomCalendar).where(sql`${table.roomCalendar} IS NOT NULL`),
    index('synced_events_with_unkeyed_name').on(table.calendar).where(isUnkeyedResource(table.calendar)),
    index('synced_events_with_unkeyed_room')
      .on(table.roomCalendar)
      .where(isUnkeyedResource(table.roomCalendar)),
    index('synced_events_marked')
      .on(table.connection, table.calendar)
      .where(sql`${table.markedAudition} IS NOT NULL`),
  ],
);
