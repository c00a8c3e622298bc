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
import type { CalendarKey } from './synced-calendars.ts';

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
}

/** An event of ours whose room has answered otherwise than was reported. */
export interface RoomAnswerChange extends CalendarKey {
  readonly eventId: string;
  readonly auditionId: AuditionId;
  readonly writtenRevision: number;
  readonly answer: RoomAnswer;
  /** Identifies the state of the event in which the answer was read. */
  readonly etag: string | undefined;
}

export interface CalendarAnswers {
  /** Returns the answers to events of ours in the calendar that the auditions were not told of. */
  listAnswers(key: CalendarKey): Promise<readonly ChangedAnswer[]>;
  /** Records that the audition was told of the answer, unless there is a later one. */
  markAnswerReported(changed: ChangedAnswer): Promise<void>;
  /** Returns the events of ours in the calendar that lie ahead and whose room has answered. */
  listRoomAnswers(key: CalendarKey): Promise<readonly RoomAnswerChange[]>;
  /** Records that the audition was told of the answer. */
  markRoomAnswerReported(answered: RoomAnswerChange): Promise<void>;
}

/** Creates the repository. */
export const createCalendarAnswers = (db: Database): CalendarAnswers => ({
  async listAnswers({ connection, calendar }) {
    const { rows } = await db.execute(sql`
      SELECT event_id AS "eventId", audition_id AS "auditionId", participant, answer, answer_change AS change,
        answer_known_at AS at, coalesce(marked_revision, written_revision) AS revision
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
        room_answer AS answer, etag
      FROM synced_events
      WHERE connection = ${connection} AND calendar = ${calendar} AND audition_id IS NOT NULL
        AND booked_by IS NOT NULL AND room_answer IS NOT NULL AND NOT is_removed
        AND marked_revision = written_revision AND written_start > now()
        AND written_revision || ':' || room_answer IS DISTINCT FROM reported_room_answer
        -- A booking is pending until the room answers, and is pending again when the room is asked again.
        AND (room_answer <> 'pending' OR starts_with(coalesce(reported_room_answer, ''), written_revision || ':'))
      ORDER BY event_id
    `);
    return rows.map((row) => ({ ...roomAnswerSchema.parse(row), connection, calendar }));
  },

  async markRoomAnswerReported(answered) {
    await db
      .update(syncedEvents)
      .set({ reportedRoomAnswer: `${answered.writtenRevision}:${answered.answer}` })
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
});

const roomAnswerSchema = z.object({
  eventId: z.string(),
  auditionId: auditionIdSchema,
  writtenRevision: z.int(),
  answer: z.enum(roomAnswers),
  etag: z
    .string()
    .nullable()
    .transform((etag) => etag ?? undefined),
});
