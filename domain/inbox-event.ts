/**
 * The vendor-neutral events of the inbox. The API converts each received webhook into one before storing it; the relay
 * reads it back. Stored rows outlive a release: only add to these schemas.
 */
import { z } from 'zod';
import { deliveryStatuses } from './audition/delivery-statuses.ts';
import { answers, origins, recordingConsents } from './audition/events.ts';
import { auditionIdSchema, connectionIdSchema, organizationIdSchema, participantIdSchema } from './ids.ts';
import { channels, connectionProviders } from './providers/vendors.ts';
import { instantSchema } from './time/instant.ts';

const inboxEvent = <Kind extends string, Event extends z.ZodType>(kind: Kind, event: Event) =>
  z.object({ kind: z.literal(kind), event });

/** `at` is the time of the event according to the provider. */
const meeting = z.object({ meetingId: z.string(), at: instantSchema.optional() });
const attendee = meeting.extend({
  name: z.string().optional(),
  email: z.string().optional(),
  /** The id of the registrant with whose address the person joined. */
  registrant: z.string().optional(),
});
/** `principal`: who has connected or disconnected the account. Rows of earlier versions lack it. */
const account = z.object({
  organization: organizationIdSchema,
  connection: connectionIdSchema,
  principal: z.string().optional(),
});
/** Names the calendar only. The changes have to be read from the provider. */
const calendar = z.object({ connection: connectionIdSchema, calendarId: z.string() });
const subscription = calendar.extend({ subscription: z.string() });

export const inboxEventSchema = z.discriminatedUnion('kind', [
  inboxEvent(
    'message.status',
    z.object({
      deliveryId: z.string(),
      channel: z.enum(channels),
      status: z.enum(deliveryStatuses),
      code: z.string().optional(),
      /** The recipient of the message. When absent, the recipient is looked up by the delivery id. */
      of: z.object({ audition: auditionIdSchema, participant: participantIdSchema }).optional(),
      /** The report counts only while the message has this status: it says what the silence since then means. */
      onlyWhile: z.enum(deliveryStatuses).optional(),
    }),
  ),
  inboxEvent(
    'message.received',
    z.object({ id: z.string(), from: z.string(), body: z.string(), answer: z.enum(answers).optional() }),
  ),
  /** An email to the reply address, as it was received. `recipients` are those of the envelope, where they are known. */
  inboxEvent(
    'mail.received',
    z.object({ message: z.base64(), recipients: z.array(z.string()).max(100).optional() }),
  ),
  /** A service that forwards email asks whether it may. An operator opens the address. */
  inboxEvent('mail.subscription', z.object({ confirmUrl: z.string() })),
  inboxEvent('meeting.started', meeting),
  inboxEvent('meeting.ended', meeting),
  /** The provider no longer has the meeting: its join link is dead. */
  inboxEvent('meeting.deleted', meeting),
  /** A person may have changed how people get into the meeting, such as its passcode. What it is now must be read. */
  inboxEvent('meeting.changed', meeting),
  inboxEvent('recording.completed', meeting),
  /** A person has joined or left a meeting, as its provider names this person. */
  inboxEvent('meeting.participant_joined', attendee),
  inboxEvent('meeting.participant_left', attendee),
  /** A participant went to the meeting with the personal join link. */
  inboxEvent(
    'link.joined',
    z.object({ audition: auditionIdSchema, participant: participantIdSchema, at: instantSchema }),
  ),
  /** The casting office has admitted a performer who waited. */
  inboxEvent(
    'performer.admitted',
    z.object({
      audition: auditionIdSchema,
      participant: participantIdSchema,
      at: instantSchema,
      /** Who has admitted the performer. Rows of earlier versions lack it. */
      principal: z.string().optional(),
    }),
  ),
  /** A join link, for which a participant may be registered at the provider of the meeting, was revoked. */
  inboxEvent('link.revoked', z.object({ audition: auditionIdSchema })),
  /** A participant has consented to be recorded, or does not any more. `key` is that of the fact in the trail. */
  inboxEvent(
    'recording.consented',
    z.object({
      organization: organizationIdSchema,
      audition: auditionIdSchema,
      participant: participantIdSchema,
      generation: z.int().optional(),
      consent: z.enum(recordingConsents),
      origin: z.enum(origins),
      revision: z.int().optional(),
      at: instantSchema,
      key: z.string(),
      /** Who has reported it. Rows of earlier versions lack it. */
      principal: z.string().optional(),
    }),
  ),
  /** The casting session of the audition has another room: the meeting of the room that the audition uses is left. */
  inboxEvent('room.left', z.object({ audition: auditionIdSchema, meetingId: z.string() })),
  /** The account's owner has removed our app at the provider. */
  inboxEvent(
    'connection.deauthorized',
    z.object({
      provider: z.enum(connectionProviders),
      userId: z.string(),
      accountId: z.string().optional(),
      at: instantSchema.optional(),
    }),
  ),
  /** The account is connected again: steps that waited for it can be retried. */
  inboxEvent('connection.restored', account),
  /** The account was disconnected here: what was read from it must be erased. */
  inboxEvent('connection.disconnected', account),
  inboxEvent('calendar.changed', calendar),
  inboxEvent('subscription.reauthorization_required', subscription),
  inboxEvent('subscription.removed', subscription),
  /** Microsoft Graph may have failed to deliver change notifications. */
  inboxEvent('subscription.missed', subscription),
]);

export type InboxEvent = z.output<typeof inboxEventSchema>;
export type InboxKind = InboxEvent['kind'];
