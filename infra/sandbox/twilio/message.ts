/** A text message: what is held, its life, and how it is read back. */
import { z } from 'zod';

const messageStatuses = ['accepted', 'queued', 'sent', 'delivered', 'undelivered', 'received'] as const;
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
  /** How each report to our webhook ended: `delivered 200`, `sent failed`. */
  callbacks: z.array(z.string()),
});
export type StoredMessage = z.infer<typeof storedMessageSchema>;

const successors: Readonly<Record<MessageStatus, MessageStatus | undefined>> = {
  accepted: 'queued',
  queued: 'sent',
  sent: 'delivered',
  delivered: undefined,
  undelivered: undefined,
  received: undefined,
};

/** What comes next in the life of a message; nothing after its end. */
export const nextStatus = (status: MessageStatus, willFail: boolean): MessageStatus | undefined => {
  const next = successors[status];
  return willFail && next === 'delivered' ? 'undelivered' : next;
};

/** `Thu, 24 Aug 2023 05:01:45 +0000`: RFC 2822 with a numeric zone, as Twilio writes dates. */
const rfc2822 = (epochMs: number) => new Date(epochMs).toUTCString().replace('GMT', '+0000');

/** One segment holds 160 characters of GSM 7 or 70 of anything else; several share less. */
const segments = (body: string): number => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: plain ASCII stands in for the GSM alphabet here.
  const plain = /^[\n\r\x20-\x7e]*$/.test(body);
  const [one, each] = plain ? [160, 153] : [70, 67];
  return body.length <= one ? 1 : Math.ceil(body.length / each);
};

const messagePath = (accountSid: string, sid: string): string =>
  `/2010-04-01/Accounts/${accountSid}/Messages/${sid}.json`;

/** The message as the API gives it. */
export const renderMessage = (message: StoredMessage, accountSid: string) => ({
  sid: message.sid,
  account_sid: accountSid,
  messaging_service_sid: message.messagingServiceSid,
  api_version: '2010-04-01',
  to: message.to,
  from: message.status === 'accepted' ? null : message.from,
  body: message.body,
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
