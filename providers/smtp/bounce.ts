/**
 * Reads why a message came back. A bounce suppresses an address only when the address is wrong: one because of our reputation, of a full
 * mailbox, or of a server that cannot be reached would otherwise end all later messages to a working address.
 *
 * Resend passes on the classification of Amazon SES (https://resend.com/docs/dashboard/emails/email-bounces,
 * https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Bounce.html), AhaSend its own, with the attempt
 * (https://github.com/AhaSend/ahasend-go/blob/main/webhooks/types.go).
 */
import { z } from 'zod';
import type { DeliveryStatus } from '../../domain/audition/delivery-statuses.ts';
import { faultOf } from '../errors/error-table.ts';
import { operationOf } from '../operations.ts';
import { utf8Refusal } from './errors.ts';
import { senderReplies } from './sender-replies.ts';

const textSchema = z.string().optional().catch(undefined);

/** The field `bounce` of Resend. */
export const bounceSchema = z
  .looseObject({
    type: textSchema.describe('`Permanent`, `Transient` or `Undetermined`'),
    subType: textSchema,
    diagnosticCode: z
      .union([z.string().transform((reply) => [reply]), z.array(z.string())])
      .optional()
      .catch(undefined)
      .describe('The replies of the server of the recipient, as `smtp; 550 5.1.1 user unknown`'),
  })
  .optional()
  .catch(undefined);

/** The field `delivery_attempt` of AhaSend. It is absent when the message came back after it was accepted. */
export const attemptSchema = z
  .looseObject({
    classification: textSchema.describe('An open set'),
    smtp_code: z.number().optional().catch(undefined).describe('0: there was no reply'),
    enhanced_status_code: textSchema,
    response: textSchema.describe('The reply, with or without its codes'),
  })
  .optional()
  .catch(undefined);

interface Report {
  readonly status: DeliveryStatus;
  readonly code: string;
}

/** The mailbox can exist, so the address is not suppressed: it receives mail once all servers on the way offer SMTPUTF8. */
const addressNotSupported: Report = { status: 'failed', code: 'address_not_supported' };
/** The message came back, and the address can be right. It is not tried again. */
const notDelivered: Report = { status: 'failed', code: 'not_delivered' };
const addressLost: Report = { status: 'bounced', code: 'bounced' };
const deferred: Report = { status: 'deferred', code: 'bounced' };

/** Returns what a bounce of Resend reports. Without a reason, the address is lost. */
export const reportOfBounce = (bounce: z.infer<typeof bounceSchema>): Report => {
  const replies = bounce?.diagnosticCode?.map((text) => text.replace(/^\s*smtp\s*;\s*/i, '')) ?? [];
  const byReply = reportOfReplies(replies);
  const type = bounce?.type?.toLowerCase();
  if (type === 'transient' && byReply !== addressNotSupported) {
    return refusedMessages.has(bounce?.subType?.toLowerCase()) ? notDelivered : deferred;
  }
  return byReply ?? (type === 'undetermined' ? notDelivered : addressLost);
};

/** Transient bounces that no later attempt can change, because they concern the message. */
const refusedMessages: ReadonlySet<string | undefined> = new Set([
  'contentrejected',
  'attachmentrejected',
  'messagetoolarge',
]);

/** Returns what the last attempt of AhaSend reports. Without a reason, the address is lost. */
export const reportOfAttempt = (attempt: z.infer<typeof attemptSchema>): Report => {
  if (!attempt) return addressLost;
  const { classification = '', smtp_code = 0, enhanced_status_code, response = '' } = attempt;
  const reply = [smtp_code, enhanced_status_code, response.replace(/^\d{3}[ -]/, '')]
    .filter(Boolean)
    .join(' ');
  const byReply = reportOfReplies([reply]);
  if (byReply === addressNotSupported || classification === '') return byReply ?? addressLost;
  if (lostAddresses.has(classification)) return addressLost;
  return otherReasons.has(classification) ? notDelivered : (byReply ?? addressLost);
};

const lostAddresses: ReadonlySet<string> = new Set(['InvalidRecipient', 'InactiveMailbox', 'BadDomain']);

/** About us, the way to the recipient, or a full mailbox. */
const otherReasons: ReadonlySet<string> = new Set([
  'InvalidSender',
  'QuotaIssues',
  'NoAnswerFromHost',
  'BadConnection',
  'DNSFailure',
  'RoutingErrors',
  'TransientFailure',
  'MessageExpired',
  'ProtocolErrors',
  'AuthenticationFailed',
  'PolicyRelated',
]);

/** Returns what the replies of a mail server report; undefined when they do not say why. */
const reportOfReplies = (replies: readonly string[]): Report | undefined => {
  if (replies.some((reply) => utf8Refusal.test(reply))) return addressNotSupported;
  if (replies.some(isWrongAddress)) return addressLost;
  return replies.some(leavesAddressRight) ? notDelivered : undefined;
};

/** X.1.1 to X.1.6 and X.1.10: the address does not exist. X.2.1: its mailbox is disabled. */
const isWrongAddress = (reply: string): boolean => /^5\d\d[ -]5\.(1\.([1-6]|10)|2\.1)\b/.test(reply);

/** A transient reply, a full mailbox, and a reply about us as the sender. */
const leavesAddressRight = (reply: string): boolean => {
  if (/^(4\d\d\b|\d{3}[ -]4\.)|^\d{3}[ -]5\.(2\.[234]|3\.4)\b/.test(reply)) return true;
  const failure = { status: Number(reply.slice(0, 3)), message: reply };
  const { kind } = faultOf(
    [...senderReplies, { fault: 'rejected_input' }],
    failure,
    operationOf('smtp', 'email.send'),
  );
  return kind === 'sender_refused' || kind === 'quota_exhausted';
};
