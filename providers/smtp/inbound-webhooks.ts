/**
 * Authenticates and reads the requests with which mail services forward received email. Each of them sends the message as
 * it was received:
 *
 * - as the body, `message/rfc822`: a program of one's own, such as a pipe of a mail server;
 * - in a form: Mailgun, to an address that ends with `mime` (field `body-mime`,
 *   https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store/receive-http), and SendGrid with
 *   "POST the raw, full MIME message" (field `email`, https://www.twilio.com/docs/sendgrid/for-developers/parsing-email);
 * - in JSON: Postmark with the raw email (`RawEmail`, https://postmarkapp.com/developer/webhooks/inbound-webhook), and Amazon
 *   SES through SNS (https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html).
 */
import { createHmac } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy } from '@fastify/busboy';
import { z } from 'zod';
import { hour } from '../../domain/time/units.ts';
import { equalInConstantTime } from '../http/constant-time.ts';
import { parseJsonOrUndefined } from '../http/json.ts';
import { verifyMail } from './webhooks.ts';

export interface InboundRequest {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  /** The media type without parameters. */
  readonly mediaType: string;
}

export type InboundMail =
  | {
      readonly kind: 'mail';
      readonly message: Buffer;
      /** Of the envelope, as far as the service tells them. */
      readonly recipients: readonly string[];
    }
  /** Amazon SNS asks whether it may send: https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html */
  | { readonly kind: 'subscription'; readonly confirmUrl: string }
  /** A message of the service about something else than email. */
  | { readonly kind: 'ignored' };

type Form = ReadonlyMap<string, string>;

/** The media types of forms. */
const formTypes: ReadonlySet<string> = new Set(['multipart/form-data', 'application/x-www-form-urlencoded']);

/** Returns the text fields of a form; undefined when the body is none. Files are left out. */
export const readInboundForm = async ({
  headers,
  body,
  mediaType,
}: InboundRequest): Promise<Form | undefined> => {
  const contentType = headers['content-type'];
  if (!formTypes.has(mediaType) || typeof contentType !== 'string') return undefined;
  const fields = new Map<string, string>();
  try {
    const parser = new Busboy({
      headers: { 'content-type': contentType },
      // Keeps the bytes of a message in any charset.
      defCharset: 'latin1',
      limits: { fields: mostFields, fieldSize: body.length, files: 0, parts: mostFields },
    });
    parser.on('field', (name, value) => fields.set(name, value));
    await pipeline(Readable.from([body]), parser);
    return fields;
  } catch {
    return undefined;
  }
};

/** Services send about thirty. */
const mostFields = 200;

/**
 * Returns whether the request is from a service that knows one of the secrets: as the password of HTTP Basic authentication
 * (Postmark, SendGrid and SNS take it in the address), as a bearer token, as the key of a signature (Standard Webhooks), or
 * as the key with which Mailgun signs. Compares in constant time.
 */
export const isFromMailService = (
  secrets: readonly string[],
  { headers, body }: InboundRequest,
  form: Form | undefined,
  now = Date.now(),
): boolean =>
  hasSecret(secrets, headers['authorization']) ||
  verifyMail({ secrets, headers, body }).kind === 'authentic' ||
  (form !== undefined && isSignedByMailgun(secrets, form, now));

const hasSecret = (secrets: readonly string[], header: unknown): boolean => {
  const [, scheme = '', credentials = ''] =
    /^(Basic|Bearer) +(\S+)$/i.exec(typeof header === 'string' ? header : '') ?? [];
  const decoded = Buffer.from(credentials, 'base64').toString('utf8');
  const presented = scheme.toLowerCase() === 'basic' ? decoded.slice(decoded.indexOf(':') + 1) : credentials;
  return presented !== '' && secrets.some((secret) => equalInConstantTime(presented, secret));
};

/**
 * https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks. The signature covers the time and a
 * random token. Mailgun repeats a request for eight hours.
 */
const isSignedByMailgun = (secrets: readonly string[], form: Form, now: number): boolean => {
  const [timestamp = '', token = '', signature = ''] = ['timestamp', 'token', 'signature'].map(
    (name) => form.get(name) ?? '',
  );
  const isRecent = Math.abs(now - Number(timestamp) * 1_000) < mailgunWindowMs;
  return (
    isRecent &&
    secrets.some((secret) =>
      equalInConstantTime(
        signature.toLowerCase(),
        createHmac('sha256', secret).update(`${timestamp}${token}`).digest('hex'),
      ),
    )
  );
};

const mailgunWindowMs = 12 * hour;

/** The media types of a message that is not wrapped. */
const messageTypes: ReadonlySet<string> = new Set(['message/rfc822', 'text/plain']);

/** Returns the message of an authentic request; undefined when the request has none. */
export const readInboundMail = (
  { headers, body, mediaType }: InboundRequest,
  form: Form | undefined,
): InboundMail | undefined => {
  if (form) return readForm(form);
  const isNotification = headers['x-amz-sns-message-type'] !== undefined;
  if (mediaType === 'application/json' || isNotification) return readJson(body.toString('utf8'));
  const isMessage = messageTypes.has(mediaType) && body.length > 0;
  return isMessage ? { kind: 'mail', message: body, recipients: [] } : undefined;
};

const readForm = (form: Form): InboundMail | undefined => {
  const message = form.get('body-mime') ?? form.get('email');
  if (!message) return undefined;
  const envelope = envelopeSchema.safeParse(parseJsonOrUndefined(form.get('envelope') ?? '')).data;
  const recipients = [...(form.get('recipient')?.split(',') ?? []), ...(envelope?.to ?? [])];
  return { kind: 'mail', message: Buffer.from(message, 'latin1'), recipients };
};

const envelopeSchema = z.object({
  to: z.array(z.string()).describe('The recipients, as SendGrid tells them'),
});

const readJson = (text: string): InboundMail | undefined => {
  const json = parseJsonOrUndefined(text);
  const postmark = postmarkSchema.safeParse(json).data;
  if (postmark) {
    const { RawEmail: message, OriginalRecipient: recipient } = postmark;
    return {
      kind: 'mail',
      message: Buffer.from(message, 'utf8'),
      recipients: recipient === undefined ? [] : [recipient],
    };
  }
  const notification = notificationSchema.safeParse(json).data;
  switch (notification?.Type) {
    case 'SubscriptionConfirmation':
      return { kind: 'subscription', confirmUrl: notification.SubscribeURL };
    case 'UnsubscribeConfirmation':
      return { kind: 'ignored' };
    case 'Notification':
      return readSesMail(notification.Message);
    case undefined:
      return undefined;
  }
};

const postmarkSchema = z.object({
  RawEmail: z.string().min(1).describe('The message; present when the server includes raw email'),
  OriginalRecipient: z.string().optional(),
});

const notificationSchema = z.discriminatedUnion('Type', [
  z.object({ Type: z.literal('Notification'), Message: z.string() }),
  z.object({ Type: z.literal('SubscriptionConfirmation'), SubscribeURL: z.url() }),
  z.object({ Type: z.literal('UnsubscribeConfirmation') }),
]);

const sesSchema = z.object({
  notificationType: z.string(),
  content: z.string().min(1).optional().describe('The message; only the SNS action sends it'),
  receipt: z
    .object({
      recipients: z.array(z.string()).optional(),
      action: z.object({ encoding: z.string().optional().describe('UTF8 or BASE64') }).optional(),
    })
    .optional(),
});

/** SES also sends notifications about bounces to a topic, and a test message when the topic is chosen. */
const readSesMail = (text: string): InboundMail | undefined => {
  const ses = sesSchema.safeParse(parseJsonOrUndefined(text)).data;
  if (!ses || ses.notificationType !== 'Received') return { kind: 'ignored' };
  const { content, receipt } = ses;
  if (content === undefined) return undefined;
  const isBase64 = receipt?.action?.encoding?.toUpperCase() === 'BASE64';
  return {
    kind: 'mail',
    message: Buffer.from(content, isBase64 ? 'base64' : 'utf8'),
    recipients: receipt?.recipients ?? [],
  };
};
