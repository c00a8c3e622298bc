/**
 * What is told from outside, in our words: what a webhook becomes before it is stored, and what the relay reads again.
 * Rows outlive a release: only add to these schemas.
 */
import { z } from 'zod';
import { answers, deliveryStatuses } from './audition/events.ts';
import { auditionIdSchema, connectionIdSchema, organizationIdSchema, participantIdSchema } from './ids.ts';
import { channels, connectionProviders } from './providers/vendors.ts';
import { instantSchema } from './time/instant.ts';

const inboxEvent = <Kind extends string, Event extends z.ZodType>(kind: Kind, event: Event) =>
  z.object({ kind: z.literal(kind), event });

/** `at`: when it happened, as the provider says. */
const meeting = z.object({ meetingId: z.string(), at: instantSchema.optional() });
/** Which calendar, and never what changed in it: that has to be read. */
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
      /** Whose message it was; without it, whoever is recorded under the delivery's id. */
      of: z.object({ audition: auditionIdSchema, participant: participantIdSchema }).optional(),
    }),
  ),
  inboxEvent(
    'message.received',
    z.object({ id: z.string(), from: z.string(), body: z.string(), answer: z.enum(answers).optional() }),
  ),
  inboxEvent('meeting.started', meeting),
  inboxEvent('meeting.ended', meeting),
  inboxEvent('recording.completed', meeting),
  /** At the provider, the person has taken our app away. */
  inboxEvent(
    'connection.deauthorized',
    z.object({
      provider: z.enum(connectionProviders),
      userId: z.string(),
      accountId: z.string().optional(),
      at: instantSchema.optional(),
    }),
  ),
  /** The account works again: what waited for it may go on. */
  inboxEvent(
    'connection.restored',
    z.object({ organization: organizationIdSchema, connection: connectionIdSchema }),
  ),
  inboxEvent('calendar.changed', calendar),
  inboxEvent('subscription.reauthorization_required', subscription),
  inboxEvent('subscription.removed', subscription),
  /** Graph may have kept changes from us. */
  inboxEvent('subscription.missed', subscription),
]);

export type InboxEvent = z.output<typeof inboxEventSchema>;
export type InboxKind = InboxEvent['kind'];
