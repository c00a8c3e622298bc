/** Reads the status of a message. https://www.twilio.com/docs/messaging/api/message-resource#message-status-values */
import { z } from 'zod';
import type { DeliveryStatus } from '../../domain/audition/delivery-statuses.ts';

const twilioStatuses = {
  accepted: 'queued',
  scheduled: 'queued',
  queued: 'queued',
  sending: 'queued',
  sent: 'sent',
  delivered: 'delivered',
  partially_delivered: 'delivered',
  read: 'delivered',
  undelivered: 'failed',
  failed: 'failed',
  canceled: 'failed',
} as const satisfies Record<string, DeliveryStatus>;

/** The status of an outgoing message, in a callback and in the resource. */
export const messageStatusSchema = z.string().transform((status, context): DeliveryStatus => {
  const entry = Object.entries(twilioStatuses).find(([name]) => name === status);
  if (entry) return entry[1];
  context.addIssue(`'${status}' is not a status of an outgoing message`);
  return z.NEVER;
});
