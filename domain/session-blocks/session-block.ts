/**
 * A session block: casting sessions that recur in one zone and are cut into slots, such as Tuesdays and Thursdays from
 * 10:00 to 13:00. One schema gives the type, the validation and the OpenAPI document.
 */
import { z } from 'zod';
import { zoneSchema } from '../audition/request-parts.ts';
import type { SessionBlockId } from '../ids.ts';
import { type OrganizationId, participantIdSchema, projectIdSchema, roleIdSchema } from '../ids.ts';
import { singleLineText } from '../text.ts';
import type { Instant } from '../time/instant.ts';
import { clockPattern, dayPattern } from '../time/patterns.ts';

/** A time on the clock of the block's zone. Without an offset: a series has different offsets in summer and winter. */
export const clockTimeSchema = z
  .string()
  .regex(
    new RegExp(`^${dayPattern}T${clockPattern}$`),
    'write a time on the clock of the zone as 2026-12-01T10:00',
  )
  .describe("A time on the clock of the block's zone");

/** More dates are refused: a block is written for people, and each of its expansions reads all of them. */
const mostDates = 200;
/** The most sessions of a block that can be moved, cancelled or in another room. */
export const mostExceptions = 500;

const room = singleLineText(100);

const recurrenceSchema = z
  .object({
    rule: z
      .string()
      .max(300)
      .optional()
      .describe(
        'A recurrence rule (RFC 5545, RRULE): FREQ=DAILY, WEEKLY, MONTHLY or YEARLY with INTERVAL, COUNT or UNTIL, BYDAY, BYMONTHDAY, BYMONTH, BYSETPOS, WKST. Example: FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20261218',
      ),
    added: z.array(clockTimeSchema).max(mostDates).optional().describe('Starts of more sessions (RDATE)'),
    excluded: z
      .array(clockTimeSchema)
      .max(mostDates)
      .optional()
      .describe('Starts of sessions that do not take place (EXDATE)'),
  })
  .strict();

/** What a casting director defines. */
export const sessionBlockDefinitionSchema = z
  .object({
    project: projectIdSchema.describe('The project whose auditions the block is for'),
    role: roleIdSchema
      .optional()
      .describe('The role that the block is for. Without it: all roles of the project'),
    castingDirector: participantIdSchema
      .optional()
      .describe('The participant who leads the sessions, and takes part in every audition of the block'),
    zone: zoneSchema,
    start: clockTimeSchema.describe('When the first session begins, on the clock of the zone'),
    end: clockTimeSchema.describe('When the first session ends. All sessions are as long as the first one'),
    recurrence: recurrenceSchema.optional().describe('Without it, the block is one session'),
    room: room.optional().describe('The room of the sessions. Without it, the auditions are by video'),
    slotMinutes: z
      .int()
      .min(1)
      .max(24 * 60)
      .describe('The length of a slot, in minutes'),
    gapMinutes: z
      .int()
      .min(0)
      .max(12 * 60)
      .default(0)
      .describe('The time between two slots, in minutes. Default: 0'),
  })
  .strict();
export type SessionBlockDefinition = z.infer<typeof sessionBlockDefinitionSchema>;

/** What is different about one session. */
export const sessionChangeSchema = z.union([
  z
    .object({ status: z.literal('cancelled').describe('The session does not take place') })
    .strict()
    .describe('The session does not take place'),
  z
    .object({
      start: clockTimeSchema.describe('On the clock of the zone of the block'),
      end: clockTimeSchema.describe('The end, on the same clock'),
      room: room.optional().describe('Without it, the room of the block'),
    })
    .strict()
    .describe('The session takes place at this time'),
]);
export type SessionChange = z.infer<typeof sessionChangeSchema>;

/** An exception from the series. `at` is the start that the session has in the series. */
export const sessionExceptionSchema = z.object({
  at: clockTimeSchema.describe('The start that the session has in the series'),
  change: sessionChangeSchema.describe('What is different'),
});
export type SessionException = z.infer<typeof sessionExceptionSchema>;

export interface SessionBlock {
  readonly id: SessionBlockId;
  readonly organization: OrganizationId;
  /** The first block of those that were split from each other. */
  readonly series: SessionBlockId;
  /** Increases with each change. The entity tag of the block. */
  readonly version: number;
  readonly definition: SessionBlockDefinition;
  readonly exceptions: readonly SessionException[];
  /** A cancelled block has no sessions. */
  readonly isCancelled: boolean;
  readonly createdAt: Instant;
  readonly changedAt: Instant;
}

/** What decides when the sessions of a block are. */
export type SessionPlan = Pick<SessionBlock, 'definition' | 'exceptions' | 'isCancelled'>;

/** A casting session: one occurrence of a block. */
export interface Session {
  /** The start that the session has in the series, on the clock of the zone. Identifies it, also after a move. */
  readonly at: string;
  readonly start: Instant;
  readonly end: Instant;
  readonly room?: string | undefined;
  /** Whether the session has another time or room than the series says. */
  readonly isChanged: boolean;
}
