/** Schema of the stored view. New fields must be optional, because rows of older versions are read. */
import { z } from 'zod';
import { attentionItemSchema } from '../../domain/audition/attention.ts';
import {
  answers,
  deliveryStatuses,
  joinWindowSchema,
  meetingSchema,
  noticeKinds,
  recordingConsents,
  recordingStarts,
} from '../../domain/audition/events.ts';
import { presenceStatuses } from '../../domain/audition/presence.ts';
import { participantKinds } from '../../domain/audition/request.ts';
import { roomAnswers } from '../../domain/audition/room-booking.ts';
import { slotSchema } from '../../domain/audition/slot.ts';
import { blockerSchema } from '../../domain/audition/slot-conflict.ts';
import { auditionOutcomes, auditionRounds, auditionStates } from '../../domain/audition/states.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import {
  auditionIdSchema,
  connectionIdSchema,
  organizationIdSchema,
  participantIdSchema,
  projectIdSchema,
  roleIdSchema,
} from '../../domain/ids.ts';
import { channels, roomProviders, writableCalendarProviders } from '../../domain/providers/vendors.ts';
import { instantSchema } from '../../domain/time/instant.ts';

export const auditionViewSchema = z.object({
  id: auditionIdSchema,
  organization: organizationIdSchema,
  project: projectIdSchema,
  role: roleIdSchema,
  round: z.enum(auditionRounds),
  state: z.enum(auditionStates),
  stateSince: instantSchema,
  outcome: z.enum(auditionOutcomes).optional(),
  participants: z.array(
    z.object({
      id: participantIdSchema,
      kind: z.enum(participantKinds),
      zone: z.string(),
      required: z.boolean(),
      answer: z.enum([...answers, 'none']),
      checkedIn: z.boolean(),
      answerFinalAt: instantSchema.optional(),
      recordingConsent: z.enum(recordingConsents).optional(),
      generation: z
        .int()
        .optional()
        .describe('Distinguishes this person from others who took part under the same id'),
      presence: z
        .object({
          status: z
            .enum(presenceStatuses)
            .describe('`left_early`: left before the end of the slot, and the session continued'),
          joinedAt: instantSchema.optional().describe('When the participant first joined'),
          lastJoinedAt: instantSchema.optional(),
          leftAt: instantSchema.optional(),
          isLate: z
            .boolean()
            .describe('Whether the participant joined more than five minutes after the start'),
        })
        .optional()
        .describe('What the provider of the meeting reports about the participant'),
    }),
  ),
  slot: slotSchema.optional(),
  revision: z.int(),
  announcedAs: z.array(z.int()),
  overridden: z
    .array(blockerSchema)
    .optional()
    .describe('The conflicts in spite of which the slot was booked'),
  meeting: meetingSchema.optional(),
  joinLinks: joinWindowSchema
    .optional()
    .describe(
      'When the join links of the participants work. Absent when they get the link of the meeting itself',
    ),
  recording: z
    .enum(recordingStarts)
    .optional()
    .describe('Who starts the recording of the session. Absent when it is not to be recorded'),
  backupAnnouncedAs: z
    .int()
    .optional()
    .describe('The revision whose participants were notified how the audition takes place without a meeting'),
  calendarEvents: z.array(
    z.object({
      participant: participantIdSchema,
      provider: z.enum(writableCalendarProviders),
      connection: connectionIdSchema,
      eventId: z.string(),
    }),
  ),
  roomBooking: z
    .object({
      provider: z.enum(roomProviders),
      connection: connectionIdSchema,
      answer: z
        .enum(roomAnswers)
        .describe('The answer of the room. `tentative`: a person must approve the booking at the provider'),
    })
    .optional()
    .describe('The booking of the room in its calendar, for the present slot'),
  notices: z.array(
    z.object({
      deliveryId: z.string(),
      participant: participantIdSchema,
      channel: z.enum(channels),
      notice: z.enum(noticeKinds),
      revision: z.int(),
      at: instantSchema,
      status: z.enum(deliveryStatuses),
    }),
  ),
  attention: z.array(attentionItemSchema),
  previous: auditionIdSchema.optional(),
  next: auditionIdSchema.optional(),
  requestedAt: instantSchema,
  updatedAt: instantSchema,
  sequence: z.int(),
}) satisfies z.ZodType<AuditionView>;
