/** Fields that several facts of the trail have. */
import { z } from 'zod';
import { connectionIdSchema, participantIdSchema } from '../ids.ts';
import { channels } from '../providers/vendors.ts';
import { instantSchema } from '../time/instant.ts';
import { participantKinds } from './request.ts';
import { slotSchema } from './slot.ts';
import { blockerSchema } from './slot-conflict.ts';

export const revision = z
  .int()
  .describe('The revision of the slot: 1 for the first one, and one more after each move');
export const reason = z.string().describe('Why, in plain words, or the code of a fault');
export const meetingId = z.string().describe("The provider's id of the meeting");
export const eventId = z.string().describe("The provider's id of the event");
export const channel = z.enum(channels).describe('The channel of the message');
export const deliveryId = z.string().describe('The id of the message, which reports about its delivery name');
export const changedSlot = slotSchema.describe('The slot that the audition has from now on');
export const heldUntil = instantSchema
  .optional()
  .describe('Until when the slot is held. Absent: until it is released');
export const overridden = z
  .array(blockerSchema)
  .optional()
  .describe('The conflicts in spite of which the slot was booked');

/** A participant, without names and addresses. */
export const castMemberSchema = z.object({
  id: participantIdSchema,
  kind: z.enum(participantKinds).describe('The part of the person in the audition'),
  zone: z.string().describe('The time zone of the participant, a name of the IANA database'),
  required: z.boolean().describe('Whether the audition needs this participant'),
});

/** An event that an operator has skipped. */
export const skippedEventSchema = z.object({
  participant: participantIdSchema,
  connection: connectionIdSchema,
  sharedBy: z
    .array(participantIdSchema)
    .optional()
    .describe(
      'The other owners of the calendar. Absent when there is none, and in facts of earlier versions',
    ),
});

/** See `principal.ts`. */
export const principal = z
  .string()
  .describe(
    'Who has caused it: `key_…` is the id of an API key, `sub:…` the subject of a token, `participant:…` a person with a personal link or a calendar, `provider:…` a provider, `command:…` an operator at the command line, `system` this service. Absent for events of earlier versions',
  );
