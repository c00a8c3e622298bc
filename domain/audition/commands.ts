/** The schemas of the commands to a running audition. They are the request bodies of the API. */
import { z } from 'zod';
import { participantIdSchema } from '../ids.ts';
import { meetingProviders } from '../providers/vendors.ts';
import { singleLineText } from '../text.ts';
import { conflictHandlingSchema } from './conflict-settings.ts';
import { answers } from './events.ts';
import { fixedSlotSchema, slotWishSchema } from './request.ts';
import { auditionRounds } from './states.ts';

const reason = singleLineText(500).describe(
  'Why, for the participants and the trail. Write no names and no addresses. At most 500 characters',
);

export const respondSchema = z
  .object({
    participant: participantIdSchema,
    answer: z.enum(answers).describe('The answer of the participant'),
    revision: z
      .int()
      .min(1)
      .optional()
      .describe('The revision of the slot that the answer is about. By default the present one'),
  })
  .strict();
export const rescheduleSchema = z
  .object({
    slot: slotWishSchema.describe(
      'A slot, or a window to search. Without a room, the audition keeps its room',
    ),
    reason: reason.optional(),
    conflicts: conflictHandlingSchema
      .optional()
      .describe('What happens when the slot is not free. By default as in the request of the audition'),
  })
  .strict();
export const changeMeetingSchema = z
  .object({
    provider: z
      .enum(meetingProviders)
      .optional()
      .describe('The provider of the other meeting. By default the next one in the order of the audition'),
  })
  .strict();
export const cancelSchema = z.object({ reason: reason.optional() }).strict();
export const checkInSchema = z.object({ participant: participantIdSchema }).strict();
export const decideSchema = z.discriminatedUnion('decision', [
  z.object({ decision: z.literal('booked').describe('The performer gets the role') }).strict(),
  z.object({ decision: z.literal('released').describe('The performer does not get the role') }).strict(),
  z
    .object({
      decision: z.literal('callback').describe('The performer is seen again, in an audition of its own'),
      next: z
        .object({
          slot: fixedSlotSchema.describe('The slot of the next round'),
          round: z.enum(auditionRounds).default('callback').describe('The next round. Default: callback'),
        })
        .strict()
        .meta({ id: 'NextRound', description: 'The next round of the audition' }),
    })
    .strict(),
]);
/** `decision`: the session took place. `session`: the audition is scheduled again. */
export const reopenSchema = z.discriminatedUnion('to', [
  z
    .object({
      to: z.literal('decision').describe('The session took place: the decision is open again'),
      reason: reason.optional(),
    })
    .strict(),
  z
    .object({
      to: z.literal('session').describe('The audition is scheduled again'),
      slot: slotWishSchema.optional().describe('By default the last slot of the audition'),
      reason: reason.optional(),
    })
    .strict(),
]);

/** Participants get HTTPS links only. HTTP is allowed for localhost, for development. */
const joinUrl = z
  .url({
    protocol: /^https?$/,
    normalize: true,
    abort: true,
    error: 'write the link of a meeting as https://meet.example.com/…',
  })
  .max(2_000)
  .refine(
    (url) => /^https:|^http:\/\/(localhost|127\.0\.0\.1)[:/]/.test(url),
    'the link must begin with https://',
  );

export const attentionNote = singleLineText(500).describe(
  'Why it was decided so. It is part of the trail: write no names and no addresses',
);
const note = attentionNote.optional();

/**
 * `override` has the value that replaces the step's result: the join link of a meeting that was created manually.
 * `held` and `no_show` answer the question whether a session took place. `follow`, `restore` and `ignore` answer the
 * question what to do about a change in a calendar.
 */
export const resolveAttentionSchema = z.discriminatedUnion('action', [
  z.object({ action: z.literal('retry').describe('Try the step again'), note }).strict(),
  z.object({ action: z.literal('skip').describe('Continue without the step'), note }).strict(),
  z
    .object({ action: z.literal('abort').describe('End the audition, and undo what was booked'), note })
    .strict(),
  z.object({ action: z.literal('held').describe('The session took place'), note }).strict(),
  z.object({ action: z.literal('no_show').describe('The performer did not come'), note }).strict(),
  z
    .object({
      action: z.literal('follow').describe('Move the audition to where the calendar has the event'),
      note,
    })
    .strict(),
  z
    .object({ action: z.literal('restore').describe('Write the event into the calendar again'), note })
    .strict(),
  z
    .object({ action: z.literal('ignore').describe('Leave the calendar and the audition as they are'), note })
    .strict(),
  z
    .object({
      action: z.literal('override').describe('Replace the result of the step'),
      value: z
        .object({ joinUrl: joinUrl.describe('The link of a meeting that was made by hand, with https') })
        .strict()
        .meta({ id: 'ReplacementMeeting', description: 'A meeting that was made by hand' }),
      note,
    })
    .strict(),
]);

export type DecideBody = z.infer<typeof decideSchema>;
export type ResolveAttentionBody = z.infer<typeof resolveAttentionSchema>;
export type ReopenBody = z.infer<typeof reopenSchema>;

export const auditionCommands = [
  'respond',
  'reschedule',
  'cancel',
  'check-in',
  'decide',
  'reopen',
  'participants',
  'meeting',
] as const;
export type AuditionCommandName = (typeof auditionCommands)[number];
