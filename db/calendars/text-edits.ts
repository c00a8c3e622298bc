/** Finds the texts that people have edited in our events in synchronized calendars. */
import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { type CalendarText, calendarTexts } from '../../domain/audition/events.ts';
import {
  type AuditionId,
  auditionIdSchema,
  type ParticipantId,
  participantIdSchema,
} from '../../domain/ids.ts';
import type { EditedText } from '../../providers/ports.ts';
import type { Database } from '../client.ts';
import { syncedEvents } from '../schema/synced-events.ts';
import { isEvent } from './event-key.ts';
import type { CalendarKey } from './sync-progress.ts';

/** An event of ours whose texts were edited or put back since the trail was told last. */
export interface TextEdit extends CalendarKey {
  readonly eventId: string;
  readonly auditionId: AuditionId;
  /** Undefined: the event is of no participant. */
  readonly participant: ParticipantId | undefined;
  /** Undefined in a row of an earlier version of this service. */
  readonly incarnation: string | undefined;
  /** The number of the change. It begins anew with each incarnation of the row. */
  readonly change: number;
  /** The texts with an edit that is not on the trail. Empty when texts were only put back. */
  readonly texts: readonly CalendarText[];
}

export interface TextEdits {
  /** Returns the edits in the calendar that are not on the trails of the auditions. */
  listTextEdits(key: CalendarKey): Promise<readonly TextEdit[]>;
  /** Records that the edit is on the trail, unless there is a later one. */
  markTextsRecorded(edit: TextEdit): Promise<void>;
}

/** Returns the edits as they are stored; undefined without any. */
export const storedTexts = (edited: readonly EditedText[] = []): string | undefined =>
  edited.length === 0 ? undefined : edited.map(({ text, digest }) => `${text}:${digest}`).join(' ');

const editsSchema = z
  .string()
  .nullable()
  .transform((stored) => (stored === null ? [] : stored.split(' ')));

const rowSchema = z.object({
  eventId: z.string(),
  auditionId: auditionIdSchema,
  participant: participantIdSchema.nullable().transform((participant) => participant ?? undefined),
  incarnation: z
    .string()
    .nullable()
    .transform((incarnation) => incarnation ?? undefined),
  change: z.int(),
  edited: editsSchema.describe('The texts that are edited now'),
  recorded: editsSchema.describe('Those that were edited when the trail was told last'),
});

/** Creates the repository. */
export const createTextEdits = (db: Database): TextEdits => ({
  async listTextEdits({ connection, calendar }) {
    const { rows } = await db.execute(sql`
      SELECT event_id AS "eventId", audition_id AS "auditionId", participant, incarnation, text_change AS change,
        edited_texts AS edited, recorded_texts AS recorded
      FROM synced_events
      WHERE connection = ${connection} AND calendar = ${calendar} AND audition_id IS NOT NULL AND NOT is_removed
        AND edited_texts IS DISTINCT FROM recorded_texts
      ORDER BY event_id
    `);
    return rows.map((row) => {
      const { edited, recorded, ...edit } = rowSchema.parse(row);
      const isNew = (text: CalendarText) =>
        edited.some((one) => one.startsWith(`${text}:`) && !recorded.includes(one));
      return { ...edit, connection, calendar, texts: calendarTexts.filter(isNew) };
    });
  },

  async markTextsRecorded({ connection, calendar, eventId, change }) {
    await db
      .update(syncedEvents)
      .set({ recordedTexts: sql`${syncedEvents.editedTexts}` })
      .where(and(isEvent({ connection, calendar, eventId }), eq(syncedEvents.textChange, change)));
  },
});
