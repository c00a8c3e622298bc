/** Schema of the stored view. New fields must be optional, because rows of older versions are read. */
import { z } from 'zod';
import { attentionItemSchema } from '../../domain/audition/attention.ts';
import { deliveryStatuses } from '../../domain/audition/delivery-statuses.ts';
import { answers, noticeKinds, recordingConsents, recordingStarts } from '../../domain/audition/events.ts';
import { skippedEventSchema } from '../../domain/audition/fact-fields.ts';
import { joinWindowSchema, meetingSchema } from '../../domain/audition/meeting.ts';
import { noticeChanges } from '../../domain/audition/notice-change.ts';
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
  round: z.enum(auditionRounds).describe('The round of the audition for the role'),
  state: z.enum(auditionStates).describe('Where the audition is in its life (docs/states.md)'),
  stateSince: instantSchema.describe('Since when it is in this state, in UTC'),
  outcome: z.enum(auditionOutcomes).optional().describe('How it ended. Set in the state `closed`'),
  participants: z
    .array(
      z.object({
        id: participantIdSchema,
        kind: z.enum(participantKinds).describe('The part of the person in the audition'),
        zone: z.string().describe('The time zone of the participant, a name of the IANA database'),
        required: z.boolean().describe('Whether the audition needs this participant'),
        answer: z.enum([...answers, 'none']).describe('The answer to the present slot'),
        checkedIn: z.boolean().describe('Whether the participant has checked in'),
        answerFinalAt: instantSchema
          .optional()
          .describe('When the decline of a performer becomes final, in UTC'),
        answeredAt: instantSchema.optional().describe('When the participant has given this answer'),
        entryDeclined: z
          .literal(true)
          .optional()
          .describe(
            'The participant has declined in a calendar program, and has got no email with a calendar entry since',
          ),
        recordingConsent: z
          .enum(recordingConsents)
          .optional()
          .describe('What the participant says about being recorded. Absent: nothing yet'),
        generation: z
          .int()
          .optional()
          .describe('Distinguishes this person from others who took part under the same id'),
        addressNumbers: z
          .partialRecord(z.enum(channels), z.int())
          .optional()
          .describe('The numbers of the addresses that are newer than the participant, by channel'),
        entryNotice: z
          .string()
          .optional()
          .describe(
            'The calendar entry of the participant has moved, and the notice about it is not sent yet',
          ),
        entryDue: z
          .string()
          .optional()
          .describe('The participant has no calendar entry, and the email that makes it is not sent yet'),
        presence: z
          .object({
            status: z
              .enum(presenceStatuses)
              .describe('`left_early`: left before the end of the slot, and the session continued'),
            joinedAt: instantSchema.optional().describe('When the participant first joined'),
            lastJoinedAt: instantSchema.optional().describe('When the participant last joined'),
            leftAt: instantSchema.optional().describe('When the participant last left'),
            isLate: z
              .boolean()
              .describe('Whether the participant joined more than five minutes after the start'),
          })
          .optional()
          .describe('What the provider of the meeting reports about the participant'),
      }),
    )
    .describe('The cast, without names and addresses'),
  slot: slotSchema.optional().describe('The slot. Absent until one is held'),
  revision: z
    .int()
    .describe('The revision of the slot: 0 before the first one, and one more after each move'),
  announcedAs: z.array(z.int()).describe('Earlier revisions of the same slot, whose links are still valid'),
  overridden: z
    .array(blockerSchema)
    .optional()
    .describe('The conflicts in spite of which the slot was booked'),
  meeting: meetingSchema.optional().describe('The video meeting. Absent in person, and until it is created'),
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
  calendarEvents: z
    .array(
      z.object({
        participant: participantIdSchema,
        provider: z.enum(writableCalendarProviders).describe('The provider of the calendar'),
        connection: connectionIdSchema,
        eventId: z.string().describe("The provider's id of the event"),
      }),
    )
    .describe('The events in connected calendars'),
  skippedEvents: z
    .array(
      skippedEventSchema.extend({
        writtenFor: z
          .array(participantIdSchema)
          .optional()
          .describe('Participants whose event was written since, through the same connection'),
      }),
    )
    .optional()
    .describe('The calendar events that an operator has skipped, and that were not written since'),
  sessionEndedAt: instantSchema.optional().describe('When the session ended'),
  roomBooking: z
    .object({
      provider: z.enum(roomProviders).describe('The provider of the calendar of the room'),
      connection: connectionIdSchema,
      answer: z
        .enum(roomAnswers)
        .describe('The answer of the room. `tentative`: a person must approve the booking at the provider'),
    })
    .optional()
    .describe('The booking of the room in its calendar, for the present slot'),
  notices: z
    .array(
      z.object({
        deliveryId: z.string().describe('The id of the message'),
        participant: participantIdSchema,
        channel: z.enum(channels).describe('The channel of the message'),
        notice: z.enum(noticeKinds).describe('The kind of message'),
        revision: z.int().describe('The revision of the slot that it is about'),
        at: instantSchema.describe('When it was sent, in UTC'),
        status: z
          .enum(deliveryStatuses)
          .describe(
            'The state of the delivery. `deferred`: the mail server does not accept it yet. Four hours after it was sent it is `failed`',
          ),
        changed: z
          .enum(noticeChanges)
          .optional()
          .describe('What the notice told, when the time was the same'),
        addressNumber: z
          .int()
          .optional()
          .describe(
            'Distinguishes the address from others that the participant had on the channel. Absent in older notices',
          ),
      }),
    )
    .describe('The messages to the participants, with their delivery'),
  attention: z.array(attentionItemSchema).describe('The open attention items'),
  previous: auditionIdSchema.optional().describe('The audition of the previous round'),
  next: auditionIdSchema.optional().describe('The audition of the next round'),
  requestedAt: instantSchema.describe('When it was requested, in UTC'),
  updatedAt: instantSchema.describe('When it last changed, in UTC'),
  sequence: z.int().describe('The number of the last event of the trail that this state contains'),
}) satisfies z.ZodType<AuditionView>;
