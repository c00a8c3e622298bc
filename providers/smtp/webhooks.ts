/**
 * What the mail service tells us of a message it took: signed after the Standard Webhooks specification
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md), under its own headers
 * or Svix's, which it grew out of.
 *
 * Two services that are documented to sign like this and to name the message are read: Resend
 * (https://resend.com/docs/webhooks/emails/bounced) and AhaSend (https://ahasend.com/docs/integrations/webhooks).
 */
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { DeliveryStatus } from '../../domain/audition/events.ts';

export interface MailWebhookRequest {
  /** Newest first. */
  readonly secrets: readonly string[];
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/** Its id is that of the message, and stays the same when it is sent again. */
type Verdict = { readonly kind: 'authentic'; readonly id: string } | { readonly kind: 'forged' };

const headersSchema = z.object({
  id: z.string().min(1).max(256),
  timestamp: z.string(),
  signature: z.string(),
});

const headersOf = (headers: MailWebhookRequest['headers']) => {
  const under = (prefix: string) =>
    headersSchema.safeParse({
      id: headers[`${prefix}-id`],
      timestamp: headers[`${prefix}-timestamp`],
      signature: headers[`${prefix}-signature`],
    }).data;
  return under('webhook') ?? under('svix');
};

/** The library allows five minutes before and after, and compares in constant time. */
export const verifyMail = ({ secrets, headers, body }: MailWebhookRequest): Verdict => {
  const given = headersOf(headers);
  if (!given) return { kind: 'forged' };
  const named = {
    'webhook-id': given.id,
    'webhook-timestamp': given.timestamp,
    'webhook-signature': given.signature,
  };
  const isSignedWith = (secret: string): boolean => {
    try {
      verifierOf(secret).verify(body, named, { jsonParse: false });
      return true;
    } catch {
      return false;
    }
  };
  return secrets.some(isSignedWith) ? { kind: 'authentic', id: given.id } : { kind: 'forged' };
};

/** `whsec_` is followed by the key in base64. Without it the secret is the key, as at AhaSend. */
const verifierOf = (secret: string): Webhook =>
  secret.startsWith('whsec_') ? new Webhook(secret) : new Webhook(secret, { format: 'raw' });

/** What is missing here, such as an opened mail, says nothing that an audition waits for. */
const statusOfEvent = {
  'email.delivered': { status: 'delivered' },
  'email.bounced': { status: 'failed', code: 'bounced' },
  'email.complained': { status: 'failed', code: 'complained' },
  'email.failed': { status: 'failed', code: 'not_sent' },
  'email.suppressed': { status: 'failed', code: 'suppressed' },
  'message.delivered': { status: 'delivered' },
  'message.bounced': { status: 'failed', code: 'bounced' },
  'message.failed': { status: 'failed', code: 'not_sent' },
  'message.suppressed': { status: 'failed', code: 'suppressed' },
} as const satisfies Record<string, { readonly status: DeliveryStatus; readonly code?: string }>;

/** RFC 5322, section 3.6.4: printable, and in ASCII. PostgreSQL would not take every other character. */
const messageIdSchema = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]{3,998}$/)
  .transform((id) => `<${id.replace(/^<|>$/g, '')}>`);

const eventSchema = z.object({
  type: z.string().max(100),
  data: z.looseObject({
    message_id: z.string().optional(),
    message_id_header: z.string().optional(),
    headers: z.array(z.object({ name: z.string(), value: z.string() })).optional(),
  }),
});

export type MailWebhookEvent =
  | {
      readonly kind: 'report';
      /** Its Message-ID, in angle brackets. */
      readonly deliveryId: string;
      readonly status: DeliveryStatus;
      readonly code?: string;
    }
  | { readonly kind: 'of_no_use'; readonly type: string };

/** Undefined where it is no event, or names no message. */
export const readMailEvent = (body: unknown): MailWebhookEvent | undefined => {
  const { data: event } = eventSchema.safeParse(body);
  if (!event) return undefined;
  const fate = Object.entries(statusOfEvent).find(([theirs]) => theirs === event.type)?.[1];
  if (!fate) return { kind: 'of_no_use', type: event.type };
  const { message_id, message_id_header, headers = [] } = event.data;
  const header = headers.find(({ name }) => name.toLowerCase() === 'message-id')?.value;
  const { data: deliveryId } = messageIdSchema.safeParse(message_id_header ?? header ?? message_id);
  return deliveryId === undefined ? undefined : { kind: 'report', deliveryId, ...fate };
};
