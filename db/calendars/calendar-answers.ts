/** Finds what people and rooms have answered to our events in synchronized calendars. */
import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { type Answer, answers } from '../../domain/audition/events.ts';
import { type RoomAnswer, roomAnswers } from '../../domain/audition/room-booking.ts';
import { type AuditionId, auditionIdSchema, participantIdSchema } from '../../domain/ids.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { syncedEvents } from '../schema/synced-events.ts';
import { instantFromDatabase } from '../time.ts';
import { isEvent } from './event-key.ts';
import { type IsPresentRoom, presentRoomSchema, selectPresentRoom } from './present-room.ts';
import type { CalendarKey } from './sync-progress.ts';

/** An answer of the calendar's owner to an event of ours. */
export interface ChangedAnswer extends CalendarKey {
  readonly eventId: string;
  readonly auditionId: AuditionId;
  readonly participant: z.infer<typeof participantIdSchema>;
  /** Undefined: the answer was removed. */
  readonly answer: Answer | undefined;
  /** When it was given, at the latest. */
  readonly at: Instant;
  /** The number of the change. */
  readonly change: number;
  /** The revision that the event states. */
  readonly revision: number;
  /** Whether the audition is open. One without a workflow is taken over, and is told of the answer then. */
  readonly isOpen: boolean;
}

/** An event of ours whose room has answered otherwise than was reported. */
export interface RoomAnswerChange extends CalendarKey {
  readonly eventId: string;
  readonly auditionId: AuditionId;
  readonly writtenRevision: number;
  readonly answer: RoomAnswer;
  /** Undefined in a row of an earlier version of this service. */
  readonly incarnation: string | undefined;
  /** The number of the answer. It begins anew with each incarnation of the row. */
  readonly change: number;
  /** Identifies the state of the event in which the answer was read. */
  readonly etag: string | undefined;
  /** As in `ChangedAnswer`. */
  readonly isOpen: boolean;
}

export interface CalendarAnswers {
  /** Returns the answers to events of ours in the calendar that the auditions were not told of. */
  listAnswers(key: CalendarKey): Promise<readonly ChangedAnswer[]>;
  /** Records that the audition was told of the answer, unless there is a later one. */
  markAnswerReported(changed: ChangedAnswer): Promise<void>;
  /** Returns the events of ours in the calendar that lie ahead and whose room has answered, if it is still that of the slot. */
  listRoomAnswers(key: CalendarKey): Promise<readonly RoomAnswerChange[]>;
  /** Records that the audition was told of the answer. */
  markRoomAnswerReported(answered: RoomAnswerChange): Promise<void>;
}

/** Names the answer of a room that was reported. */
export const roomMark = (revision: number, answer: RoomAnswer): string => `${revision}:${answer}`;

const isOpen = sql`EXISTS (SELECT FROM auditions WHERE id = audition_id AND state <> 'closed')`;

/** Creates the repository. */
export const createCalendarAnswers = (db: Database, isPresentRoom: IsPresentRoom): CalendarAnswers => ({
  async listAnswers({ connection, calendar }) {
    const { rows } = await db.execute(sql`
      SELECT event_id AS "eventId", audition_id AS "auditionId", participant, answer, answer_change AS change,
        answer_known_at AS at, coalesce(marked_revision, written_revision) AS revision,
        ${isOpen} AS "isOpen"
      FROM synced_events
      WHERE connection = ${connection} AND calendar = ${calendar} AND audition_id IS NOT NULL
        AND participant IS NOT NULL AND NOT is_answer_reported AND NOT is_removed
      ORDER BY event_id
    `);
    return rows.map((row) => ({ ...answerSchema.parse(row), connection, calendar }));
  },

  async markAnswerReported({ connection, calendar, eventId, change }) {
    await db
      .update(syncedEvents)
      .set({ isAnswerReported: true })
      .where(and(isEvent({ connection, calendar, eventId }), eq(syncedEvents.answerChange, change)));
  },

  async listRoomAnswers({ connection, calendar }) {
    const { rows } = await db.execute(sql`
      SELECT event_id AS "eventId", audition_id AS "auditionId", written_revision AS "writtenRevision",
        room_answer AS answer, etag, incarnation, room_answer_change AS change, room_calendar AS room,
        ${selectPresentRoom(sql`audition_id`, sql`written_revision`)} AS "presentRoom", ${isOpen} AS "isOpen"
      FROM synced_events
      WHERE connection = ${connection} AND calendar = ${calendar} AND audition_id IS NOT NULL
        AND booked_by IS NOT NULL AND room_answer IS NOT NULL AND NOT is_removed
        AND marked_revision = written_revision AND written_start > now()
        AND written_revision || ':' || room_answer IS DISTINCT FROM reported_room_answer
        -- A booking is pending until the room answers, and is pending again when the room is asked again.
        AND (room_answer <> 'pending' OR starts_with(coalesce(reported_room_answer, ''), written_revision || ':'))
      ORDER BY event_id
    `);
    const present = rows.map(async (row) => {
      const { room, presentRoom, ...answered } = roomAnswerSchema.parse(row);
      const isPresent = await isPresentRoom(answered.auditionId, presentRoom, { connection, room });
      return isPresent ? [{ ...answered, connection, calendar }] : [];
    });
    return (await Promise.all(present)).flat();
  },

  async markRoomAnswerReported(answered) {
    await db
      .update(syncedEvents)
      .set({ reportedRoomAnswer: roomMark(answered.writtenRevision, answered.answer) })
      .where(isEvent(answered));
  },
});

const answerSchema = z.object({
  eventId: z.string(),
  auditionId: auditionIdSchema,
  participant: participantIdSchema,
  answer: z
    .enum(answers)
    .nullable()
    .transform((answer) => answer ?? undefined),
  at: instantFromDatabase,
  change: z.int(),
  revision: z.int(),
  isOpen: z.boolean(),
});

const textOrNull = z
  .string()
  .nullable()
  .transform((text) => text ?? undefined);

const roomAnswerSchema = z.object({
  room: textOrNull,
  presentRoom: presentRoomSchema,
  eventId: z.string(),
  auditionId: auditionIdSchema,
  writtenRevision: z.int(),
  answer: z.enum(roomAnswers),
  incarnation: textOrNull,
  change: z.int(),
  etag: textOrNull,
  isOpen: z.boolean(),
});
