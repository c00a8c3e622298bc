/**
 * What Twilio tells us: what became of a message, and what was answered.
 * Signatures: https://www.twilio.com/docs/usage/security#validating-requests
 */
import { createHash } from 'node:crypto';
import { parse } from 'node:querystring';
import { validateRequest } from 'twilio/lib/webhooks/webhooks.js';
import { z } from 'zod';
import type { Answer, DeliveryStatus } from '../../domain/audition/events.ts';
import { equalInConstantTime } from '../http/constant-time.ts';

/** A request whose signature is checked: `url` is the address Twilio was given, not the one a proxy made of it. */
export interface TwilioWebhookRequest {
  /** Newest first: while the token is exchanged, Twilio signs with the one that is primary. */
  readonly authTokens: readonly string[];
  /** The header `X-Twilio-Signature`. */
  readonly signature: string | undefined;
  readonly url: string;
  /** A form is signed field by field, with the address; any other body through its hash in the address. */
  readonly content:
    | { readonly kind: 'form'; readonly fields: Form }
    | { readonly kind: 'bytes'; readonly body: Uint8Array };
}

/**
 * Whether it was signed with one of our tokens; tried with and without the port, as Twilio's library does. There is
 * no timestamp in it, so it may be sent again: what is done with it must be idempotent by message and status.
 */
export const isSignedByTwilio = ({ authTokens, signature, url, content }: TwilioWebhookRequest): boolean => {
  if (signature === undefined || signature === '') return false;
  if (content.kind === 'bytes' && !isHashedIn(url, content.body)) return false;
  const fields = content.kind === 'form' ? { ...content.fields } : {};
  return authTokens.some((authToken) => validateRequest(authToken, signature, url, fields));
};

/** https://www.twilio.com/docs/usage/security#validating-requests: `bodySHA256`, in hexadecimal digits. */
const isHashedIn = (url: string, body: Uint8Array): boolean => {
  const named = new URL(url).searchParams.get('bodySHA256') ?? '';
  return equalInConstantTime(named, createHash('sha256').update(body).digest('hex'));
};

/** Twilio sends some dozens. To sign a form of very many takes as long as hundreds of webhooks, whoever sent it. */
const fieldsAtMost = 1_000;

/**
 * The fields of a form, in their order; what came twice is a list, as the signature has it. What is left out of a form
 * that is too long is missing from what was signed.
 */
export const readForm = (body: string): Form => parse(body, '&', '=', { maxKeys: fieldsAtMost });

type Form = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface StatusReport {
  readonly deliveryId: string;
  readonly status: DeliveryStatus;
  /** Twilio's error code where the message failed: https://www.twilio.com/docs/api/errors */
  readonly code?: string;
}

/** https://www.twilio.com/docs/messaging/api/message-resource#message-status-values */
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

const statusFormSchema = z
  .object({
    MessageSid: z.string().regex(/^(SM|MM)[0-9a-f]{32}$/i),
    MessageStatus: z.string().transform((status, context): DeliveryStatus => {
      const known = Object.entries(twilioStatuses).find(([theirs]) => theirs === status);
      if (known) return known[1];
      context.addIssue(`'${status}' is no status of an outgoing message`);
      return z.NEVER;
    }),
    ErrorCode: z.string().regex(/^\d*$/).optional(),
  })
  .transform(
    ({ MessageSid, MessageStatus, ErrorCode }): StatusReport => ({
      deliveryId: MessageSid,
      status: MessageStatus,
      ...(ErrorCode ? { code: ErrorCode } : {}),
    }),
  );

/** A status callback's form; undefined where it is none. Reports may arrive out of order and more than once. */
export const readStatusReport = (form: unknown): StatusReport | undefined =>
  statusFormSchema.safeParse(form).data;

export interface InboundMessage {
  readonly id: string;
  /** E.164. */
  readonly from: string;
  readonly body: string;
  /** What the message says, where it is one of the words we asked for. */
  readonly answer?: Answer;
}

/** The words that count as an answer, whole messages only: "yes but later" is for a person to read. */
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

/** An incoming message's form: https://www.twilio.com/docs/messaging/guides/webhook-request */
export const readInboundMessage = (form: unknown): InboundMessage | undefined =>
  inboundFormSchema.safeParse(form).data;

const answerIn = (body: string): Answer | undefined => {
  const said = body
    .normalize('NFC')
    .trim()
    .replace(/[.!]+$/, '')
    .toLowerCase();
  const answers: readonly Answer[] = ['accepted', 'declined', 'tentative'];
  return answers.find((answer) => answerWords[answer].includes(said));
};
