import { sql } from 'drizzle-orm';
import { boolean, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { tentativeRules } from '../../domain/audition/conflict-rules.ts';

/**
 * The participants of booked auditions whose calendars are compared with the slot: the rules about events that the audition
 * has copied, and the conflicts that were reported to it. Times are in milliseconds.
 */
export const participantConflicts = pgTable(
  'participant_conflicts',
  {
    auditionId: text('audition_id').notNull(),
    participant: text().notNull(),
    /** Null, as the other rules: the participant has left, or the slot was booked by an earlier version of this service. */
    tentative: text({ enum: tentativeRules }),
    calendarBuffer: integer('calendar_buffer'),
    travel: integer(),
    /** The revision and a digest of the conflicting events that were reported last. Null without a conflict. */
    reported: text(),
    /** Whether the audition has certainly received the last report. */
    isConfirmed: boolean('is_confirmed').notNull().default(true),
    /** Numbers the reports. A report begins with a higher number. */
    change: integer().notNull().default(0),
    /** Distinguishes the row from an earlier one, whose reports were counted as well. */
    incarnation: text().notNull().default(sql`gen_random_uuid()`),
  },
  (table) => [primaryKey({ columns: [table.auditionId, table.participant] })],
);
