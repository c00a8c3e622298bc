/** Defines a text message: its stored form, its statuses and its rendered form. */
import { SegmentedMessage } from 'sms-segments-calculator';
import { z } from 'zod';

const messageStatuses = [
  'accepted',
  'queued',
  'sent',
  'delivered',
  'undelivered',
  'failed',
  'received',
] as const;
export type MessageStatus = (typeof messageStatuses)[number];

export const storedMessageSchema = z.object({
  sid: z.string(),
  direction: z.enum(['outbound-api', 'inbound']),
  to: z.string(),
  from: z.string(),
  messagingServiceSid: z.string().nullable(),
  body: z.string(),
  status: z.enum(messageStatuses),
  errorCode: z.int().nullable(),
  created: z.number(),
  updated: z.number(),
  sent: z.number().nullable(),
  statusCallback: z.string().nullable(),
  /** The outcome of each status callback, such as `delivered 200` or `sent failed`. */
  callbacks: z.array(z.string()),
});
export type StoredMessage = z.infer<typeof storedMessageSchema>;

const successors: Readonly<Record<MessageStatus, MessageStatus | undefined>> = {
  accepted: 'queued',
  queued: 'sent',
  sent: 'delivered',
  delivered: undefined,
  undelivered: undefined,
  failed: undefined,
  received: undefined,
};

/**
 * Returns the next status of a message, or undefined after a final status. `undelivered`: sent, and the carrier reported that it
 * did not arrive. `failed`: it could not be sent, such as after a queue overflow or the suspension of the account.
 * https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
 */
export const nextStatus = (
  status: MessageStatus,
  failure?: 'undelivered' | 'failed',
): MessageStatus | undefined => {
  const next = successors[status];
  if (failure === 'undelivered' && next === 'delivered') return failure;
  return failure === 'failed' && next === 'sent' ? failure : next;
};

/** Returns a date as Twilio does, in RFC 2822 with a numeric zone: `Thu, 24 Aug 2023 05:01:45 +0000`. */
const rfc2822 = (epochMs: number) => new Date(epochMs).toUTCString().replace('GMT', '+0000');

/**
 * Counts segments as Twilio does: UCS-2 only for a body with a character that GSM-7 lacks.
 * Source: https://www.twilio.com/docs/glossary/what-sms-character-limit
 */
const segments = (body: string): number => new SegmentedMessage(body).segmentsCount;

const messagePath = (accountSid: string, sid: string): string =>
  `/2010-04-01/Accounts/${accountSid}/Messages/${sid}.json`;

const inTransit: readonly MessageStatus[] = ['accepted', 'queued'];

export interface Rendering {
  readonly accountSid: string;
  readonly redactsBodies: boolean;
  readonly redactsNumbers: boolean;
}

/** The numbers as the API shows them. Twilio's own number, the sender, stays complete. */
export const shownNumbers = (
  { direction, status, to, from }: StoredMessage,
  { redactsNumbers }: Pick<Rendering, 'redactsNumbers'>,
): { readonly to: string; readonly from: string } => {
  const shown = (number: string) =>
    redactsNumbers && !inTransit.includes(status) ? `${number.slice(0, -4)}XXXX` : number;
  return direction === 'inbound' ? { to, from: shown(from) } : { to: shown(to), from };
};

/** Returns the message as the API sends it. */
export const renderMessage = (
  message: StoredMessage,
  { accountSid, redactsBodies, redactsNumbers }: Rendering,
) => ({
  sid: message.sid,
  account_sid: accountSid,
  messaging_service_sid: message.messagingServiceSid,
  api_version: '2010-04-01',
  to: shownNumbers(message, { redactsNumbers }).to,
  from: message.status === 'accepted' ? null : shownNumbers(message, { redactsNumbers }).from,
  body: redactsBodies && !inTransit.includes(message.status) ? '' : message.body,
  status: message.status,
  direction: message.direction,
  error_code: message.errorCode,
  error_message: message.errorCode === null ? null : 'The message was not delivered',
  num_segments: String(segments(message.body)),
  num_media: '0',
  price: null,
  price_unit: 'USD',
  date_created: rfc2822(message.created),
  date_updated: rfc2822(message.updated),
  date_sent: message.sent === null ? null : rfc2822(message.sent),
  uri: messagePath(accountSid, message.sid),
  subresource_uris: { media: messagePath(accountSid, message.sid).replace('.json', '/Media.json') },
});
