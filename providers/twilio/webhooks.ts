/**
 * Verifies and reads Twilio's webhooks: delivery reports and incoming messages.
 * Signatures: https://www.twilio.com/docs/usage/security#validating-requests
 */
import { createHash } from 'node:crypto';
import { parse } from 'node:querystring';
import { validateRequest } from 'twilio/lib/webhooks/webhooks.js';
import { z } from 'zod';
import type { DeliveryStatus } from '../../domain/audition/delivery-statuses.ts';
import type { Answer } from '../../domain/audition/events.ts';
import { equalInConstantTime } from '../http/constant-time.ts';
import { messageStatusSchema } from './message-status.ts';

/** A request to verify. `url` must be the address that Twilio was given, not a proxy's. */
export interface TwilioWebhookRequest {
  /** Newest first. During a rotation Twilio signs with the primary token. */
  readonly authTokens: readonly string[];
  /** The header `X-Twilio-Signature`. */
  readonly signature: string | undefined;
  readonly url: string;
  /** The signature covers the address and the fields of a form, or the address with the hash of any other body. */
  readonly content:
    | { readonly kind: 'form'; readonly fields: Form }
    | { readonly kind: 'bytes'; readonly body: Uint8Array };
}

/**
 * Whether one of our tokens signed the request, with or without the port in the address. The signature has no timestamp,
 * so a request can be replayed: its effect must be idempotent by message and status.
 */
export const isSignedByTwilio = ({ authTokens, signature, url, content }: TwilioWebhookRequest): boolean => {
  if (signature === undefined || signature === '') return false;
  if (content.kind === 'bytes' && !isHashedIn(url, content.body)) return false;
  const fields = content.kind === 'form' ? { ...content.fields } : {};
  return authTokens.some((authToken) => validateRequest(authToken, signature, url, fields));
};

/** Whether `bodySHA256` in the address is the hash of the body: https://www.twilio.com/docs/usage/security#validating-requests */
const isHashedIn = (url: string, body: Uint8Array): boolean => {
  const expected = new URL(url).searchParams.get('bodySHA256') ?? '';
  return equalInConstantTime(expected, createHash('sha256').update(body).digest('hex'));
};

/** Twilio sends some dozens of fields. Verifying a huge form from any client would take as long as hundreds of webhooks. */
const fieldsAtMost = 1_000;

/**
 * Parses a form. A repeated field is a list, as the signature requires. A form with more than 1,000 fields is truncated
 * and therefore fails the verification.
 */
export const readForm = (body: string): Form => parse(body, '&', '=', { maxKeys: fieldsAtMost });

type Form = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface StatusReport {
  readonly deliveryId: string;
  readonly status: DeliveryStatus;
  /** Twilio's error code where the message failed: https://www.twilio.com/docs/api/errors */
  readonly code?: string;
}

const statusFormSchema = z
  .object({
    MessageSid: z.string().regex(/^(SM|MM)[0-9a-f]{32}$/i),
    MessageStatus: messageStatusSchema,
    ErrorCode: z.string().regex(/^\d*$/).optional(),
  })
  .transform(
    ({ MessageSid, MessageStatus, ErrorCode }): StatusReport => ({
      deliveryId: MessageSid,
      status: MessageStatus,
      ...(ErrorCode ? { code: ErrorCode } : {}),
    }),
  );

/** Reads a status callback's form; undefined for any other form. Reports can arrive out of order and repeatedly. */
export const readStatusReport = (form: unknown): StatusReport | undefined =>
  statusFormSchema.safeParse(form).data;

export interface InboundMessage {
  readonly id: string;
  /** E.164. */
  readonly from: string;
  readonly body: string;
  /** The answer, when the message is one of the expected words. */
  readonly answer?: Answer;
}

/** The words that count as an answer, as the whole message only: "yes but later" needs a person. */
const answerWords: Readonly<Record<Answer, readonly string[]>> = {
  accepted: ['yes', 'y', 'ok', 'confirm', 'confirmed', 'oui', 'ja', 'si', 'sí'],
  declined: ['no', 'n', 'decline', 'declined', 'non', 'nein'],
  tentative: ['maybe', 'perhaps', 'peut-être', 'vielleicht'],
};

const inboundFormSchema = z
  .object({
    MessageSid: z.string().min(1),
    From: z.string().regex(/^\+[1-9]\d{6,14}$/),
    Body: z.string(),
  })
  .transform(({ MessageSid, From, Body }): InboundMessage => {
    const answer = answerIn(Body);
    return { id: MessageSid, from: From, body: Body, ...(answer ? { answer } : {}) };
  });

/** Reads an incoming message's form: https://www.twilio.com/docs/messaging/guides/webhook-request */
export const readInboundMessage = (form: unknown): InboundMessage | undefined =>
  inboundFormSchema.safeParse(form).data;

const answerIn = (body: string): Answer | undefined => {
  const word = body
    .normalize('NFC')
    .trim()
    .replace(/[.!]+$/, '')
    .toLowerCase();
  const answers: readonly Answer[] = ['accepted', 'declined', 'tentative'];
  return answers.find((answer) => answerWords[answer].includes(word));
};
