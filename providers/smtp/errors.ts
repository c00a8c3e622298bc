/**
 * Maps the replies of a mail server to faults (RFC 5321, section 4.2.1: 4yz is transient, 5yz permanent; 4.2.2 lists
 * them), and the connection failures that the client library reports: https://nodemailer.com/errors
 */
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import { hour } from '../../domain/time/units.ts';
import {
  type ErrorRow,
  faultOf,
  type ProviderOperation,
  providerError,
  type VendorFailure,
} from '../errors/error-table.ts';
import { transportError } from '../errors/transport-errors.ts';
import type { CallContext } from '../ports.ts';

/**
 * Replies that concern us as the sender, and not the recipient. Enhanced status codes: RFC 3463, section 3.5 (X.4.5, mail system
 * congestion) and 3.8 (X.7.x, security or policy). Exchange reports its limit for a day as `5.2.0
 * SubmissionQuotaExceededException`, Gmail as `5.4.5 Daily user sending limit exceeded`, and its limits of a rate and of
 * authentication as X.7.23 to X.7.32 (https://knowledge.workspace.google.com/admin/gmail/advanced/gmail-smtp-errors-and-codes).
 * Other 4.7.x in a transient reply are mostly greylisting, which ends in minutes: a plain retry.
 */
const sendersFaults: readonly ErrorRow[] = [
  { status: [400, 599], messagePattern: /^\d{3}[ -][45]\.4\.5\b/, fault: 'quota_exhausted', until: hour },
  {
    status: [400, 599],
    messagePattern: /^\d{3}[ -]4\.7\.(2[3-9]|3[0-2])\b/,
    fault: 'sender_refused',
    until: hour,
  },
  { status: [500, 599], messagePattern: /^\d{3}[ -]4\.7\.\d/, fault: 'quota_exhausted', until: hour },
  {
    status: [500, 599],
    messagePattern: /SubmissionQuotaExceeded|(24.?hour|daily|hourly)\b.{0,40}\b(limit|quota)/i,
    fault: 'quota_exhausted',
    until: hour,
  },
  { status: [500, 599], messagePattern: /^\d{3}[ -]5\.7\.\d/, fault: 'sender_refused', until: hour },
];

/**
 * Permanent replies that have a code of the sender's kind, or words of it, and concern the recipient: a full mailbox (X.2.2), a
 * mailing list that is not expanded (X.7.2), a mailbox or a domain with another owner (X.7.17, X.7.18;
 * https://www.iana.org/assignments/smtp-enhanced-status-codes), and recipients that restrict who may write to them
 * (5.7.12x and 5.7.13x;
 * https://learn.microsoft.com/en-us/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online).
 */
const recipientsFaults: readonly ErrorRow[] = [
  { status: [500, 599], messagePattern: /^\d{3}[ -]5\.2\.2\b/, fault: 'rejected_input' },
  {
    status: [500, 599],
    messagePattern: /^\d{3}[ -]5\.7\.(2|17|18|12\d|13\d)\b/,
    fault: 'rejected_input',
  },
];

/** The code of a message to an address outside ASCII that the server, or one behind it, cannot transfer (RFC 6531). */
export const utf8Unavailable = 'smtputf8_unavailable';

/**
 * RFC 6531, section 3.5, and the registry of enhanced status codes
 * (https://www.iana.org/assignments/smtp-enhanced-status-codes): 5.6.7 non-ASCII addresses are not permitted, 5.6.9 the message cannot be
 * transferred with UTF-8 headers.
 */
export const utf8Refusal = /\b5\.6\.[79]\b/;

const smtpErrors: readonly ErrorRow[] = [
  { code: utf8Unavailable, fault: 'rejected_input' },
  { status: 530, fault: 'misconfigured' },
  { status: 534, fault: 'misconfigured' },
  { status: 535, fault: 'misconfigured' },
  { status: 538, fault: 'misconfigured' },
  ...recipientsFaults,
  ...sendersFaults,
  { status: 421, fault: 'outage', effect: 'none' },
  { status: [400, 499], fault: 'retry', effect: 'none' },
  { status: [500, 599], fault: 'rejected_input' },
  { code: 'EAUTH', fault: 'misconfigured' },
  { code: 'ENOAUTH', fault: 'misconfigured' },
  { code: 'ECONFIG', fault: 'misconfigured' },
  { code: 'ETLS', fault: 'outage' },
  { code: 'EDNS', fault: 'outage' },
  { code: 'ECONNECTION', fault: 'outage' },
  { code: 'ESOCKET', fault: 'outage' },
  { code: 'ETIMEDOUT', fault: 'outage' },
  { code: 'EPROTOCOL', fault: 'outage' },
  { code: 'EENVELOPE', fault: 'rejected_input' },
];

/** Returns whether a message was not sent, because the address of its recipient needs SMTPUTF8. */
export const isUnsupportedAddress = (error: unknown): error is ProviderError =>
  error instanceof ProviderError &&
  error.fault.kind === 'rejected_input' &&
  error.vendor.code === utf8Unavailable;

const thrownSchema = z.object({
  code: z.string().optional(),
  /** The server's reply, where there was one. */
  responseCode: z.number().optional(),
  response: z.string().optional(),
});

/** Returns an error of the library as a `ProviderError`. `operation.writes`: the message may have been handed over. */
export const fromSmtp = (operation: ProviderOperation, error: unknown, call: CallContext): ProviderError => {
  if (error instanceof ProviderError) return error;
  const failure = failureOf(error);
  if (!failure || failure.code === 'EABORT') return transportError(operation, error, call);
  return providerError(operation, faultOf(smtpErrors, failure, operation), failure);
};

const failureOf = (error: unknown): VendorFailure | undefined => {
  const thrown = thrownSchema.safeParse(error);
  if (!thrown.success) return undefined;
  const { code, responseCode, response } = thrown.data;
  if (code === undefined && responseCode === undefined) return undefined;
  const isUtf8Refused = response !== undefined && utf8Refusal.test(response);
  return {
    status: responseCode,
    code: isUtf8Refused ? utf8Unavailable : code,
    message: response ?? 'the server sent no reply',
  };
};
