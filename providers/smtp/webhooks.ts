/**
 * Verifies and reads the mail service's webhooks about accepted messages. They are signed according to Standard Webhooks
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md), with its headers or those
 * of Svix, its predecessor.
 *
 * Two services are supported, because their documentation promises this signature and the Message-ID: Resend
 * (https://resend.com/docs/webhooks/emails/bounced) and AhaSend (https://ahasend.com/docs/integrations/webhooks).
 */
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { DeliveryStatus } from '../../domain/audition/delivery-statuses.ts';
import { attemptSchema, bounceSchema, reportOfAttempt, reportOfBounce } from './bounce.ts';

export interface MailWebhookRequest {
  /** Newest first. */
  readonly secrets: readonly string[];
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

/** `id` identifies the webhook and does not change when the service repeats it. */
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

/** Verifies a request. The library allows five minutes of clock difference and compares in constant time. */
export const verifyMail = ({ secrets, headers, body }: MailWebhookRequest): Verdict => {
  const signed = headersOf(headers);
  if (!signed) return { kind: 'forged' };
  const standardHeaders = {
    'webhook-id': signed.id,
    'webhook-timestamp': signed.timestamp,
    'webhook-signature': signed.signature,
  };
  const isSignedWith = (secret: string): boolean => {
    try {
      verifierOf(secret).verify(body, standardHeaders, { jsonParse: false });
      return true;
    } catch {
      return false;
    }
  };
  return secrets.some(isSignedWith) ? { kind: 'authentic', id: signed.id } : { kind: 'forged' };
};

/** After `whsec_`, the key is in base64. Without the prefix (AhaSend) the secret itself is the key. */
const verifierOf = (secret: string): Webhook =>
  secret.startsWith('whsec_') ? new Webhook(secret) : new Webhook(secret, { format: 'raw' });

/**
 * The events that change a delivery status. Others, such as an opened mail, are ignored. After a transient error the
 * service tries again: https://ahasend.com/docs/api-reference/webhooks/message-transient_error
 */
const statusOfEvent = {
  'email.delivered': { status: 'delivered' },
  'email.delivery_delayed': { status: 'deferred', code: 'delayed' },
  'email.bounced': { status: 'bounced', code: 'bounced' },
  'email.complained': { status: 'complained', code: 'complained' },
  'email.failed': { status: 'failed', code: 'not_sent' },
  'email.suppressed': { status: 'failed', code: 'suppressed' },
  'message.delivered': { status: 'delivered' },
  'message.transient_error': { status: 'deferred', code: 'delayed' },
  'message.bounced': { status: 'bounced', code: 'bounced' },
  'message.failed': { status: 'failed', code: 'not_sent' },
  'message.suppressed': { status: 'failed', code: 'suppressed' },
} as const satisfies Record<string, { readonly status: DeliveryStatus; readonly code?: string }>;

/** RFC 5322, section 3.6.4: printable ASCII. PostgreSQL rejects some other characters. */
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
    bounce: bounceSchema,
    delivery_attempt: attemptSchema,
  }),
});

export type MailWebhookEvent =
  | {
      readonly kind: 'report';
      /** The Message-ID, in angle brackets. */
      readonly deliveryId: string;
      readonly status: DeliveryStatus;
      readonly code?: string;
    }
  | { readonly kind: 'ignored'; readonly type: string };

/** Reads an event's body; undefined when it is not an event or has no Message-ID. */
export const readMailEvent = (body: unknown): MailWebhookEvent | undefined => {
  const { data: event } = eventSchema.safeParse(body);
  if (!event) return undefined;
  const report = Object.entries(statusOfEvent).find(([name]) => name === event.type)?.[1];
  if (!report) return { kind: 'ignored', type: event.type };
  const { message_id, message_id_header, headers = [] } = event.data;
  const header = headers.find(({ name }) => name.toLowerCase() === 'message-id')?.value;
  const { data: deliveryId } = messageIdSchema.safeParse(message_id_header ?? header ?? message_id);
  if (deliveryId === undefined) return undefined;
  return { kind: 'report', deliveryId, ...report, ...bounceReport(event) };
};

/** Returns why the message came back, and nothing for any other event. */
const bounceReport = ({ type, data }: z.infer<typeof eventSchema>) => {
  if (type === 'email.bounced') return reportOfBounce(data.bounce);
  return type === 'message.bounced' ? reportOfAttempt(data.delivery_attempt) : {};
};
