/** What keeps a slot from being booked, in ids and times only, and the slots that are proposed instead. */
import { z } from 'zod';
import { auditionIdSchema, connectionIdSchema, participantIdSchema } from '../ids.ts';
import { instantSchema } from '../time/instant.ts';

const time = {
  start: instantSchema.describe('The start, in UTC'),
  end: instantSchema.describe('The end, in UTC'),
};
const participants = z.array(participantIdSchema).describe('The participants who are not free');

export const blockerSchema = z.discriminatedUnion('kind', [
  z
    .object({
      kind: z.literal('calendar_event').describe('What is in the way'),
      participants,
      connection: connectionIdSchema.optional(),
      room: z.boolean().optional().describe('Whether the event is in the calendar of the room'),
      ...time,
    })
    .describe('An event in a calendar of these participants, or in the calendar of the room'),
  z
    .object({
      kind: z.literal('audition').describe('What is in the way'),
      participants,
      room: z.boolean().describe('Whether the other audition holds the room'),
      audition: auditionIdSchema.optional(),
      ...time,
    })
    .describe(
      'Another audition holds these participants, their calendars, or the room. Without its id it belongs to another organization',
    ),
  z
    .object({ kind: z.literal('blackout').describe('What is in the way'), participants, ...time })
    .describe('A blackout of these participants; without any, of the organization'),
]);
export type Blocker = z.infer<typeof blockerSchema>;

/** More blockers are not listed. */
export const mostBlockers = 20;

const slotProposalSchema = z.object({
  ...time,
  withinWorkingHours: z.boolean().describe('Within the working hours of every participant'),
  quietConflicts: z.int().describe('Number of participants who have quiet hours at that time'),
  reason: z.string().describe('Why the slot is proposed, for a person'),
});
export type SlotProposal = z.infer<typeof slotProposalSchema>;

export const slotConflictSchema = z.object({
  blockers: z.array(blockerSchema).describe('What is in the way, the first 20'),
  alternatives: z
    .array(slotProposalSchema)
    .optional()
    .describe('Free slots, the best first. Set with the conflict policy `propose`'),
});
export type SlotConflict = z.infer<typeof slotConflictSchema>;
