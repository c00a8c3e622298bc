/**
 * Maps the replies of a mail server to faults (RFC 5321, section 4.2.1: 4yz is transient, 5yz permanent; 4.2.2 lists
 * them), and the connection failures that the client library reports: https://nodemailer.com/errors
 */
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import {
  type ErrorRow,
  faultOf,
  type ProviderOperation,
  providerError,
  type VendorFailure,
} from '../errors/error-table.ts';
import { transportError } from '../errors/transport-errors.ts';
import type { CallContext } from '../ports.ts';
import { beforeRecipient, senderReplies } from './sender-replies.ts';

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
  ...senderReplies,
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
  /** The SMTP command that failed. `CONN`: connecting and the greeting of the server. */
  command: z.string().optional(),
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

/** The commands of a message before its recipient is named. */
const commandsBeforeRecipient: ReadonlySet<string | undefined> = new Set([
  'CONN',
  'EHLO',
  'HELO',
  'MAIL FROM',
]);

const failureOf = (error: unknown): VendorFailure | undefined => {
  const thrown = thrownSchema.safeParse(error);
  if (!thrown.success) return undefined;
  const { code, command, responseCode, response } = thrown.data;
  if (code === undefined && responseCode === undefined) return undefined;
  const isUtf8Refused = response !== undefined && utf8Refusal.test(response);
  return {
    status: responseCode,
    code: isUtf8Refused ? utf8Unavailable : code,
    ...(commandsBeforeRecipient.has(command) && { domain: beforeRecipient }),
    message: response ?? 'the server sent no reply',
  };
};
