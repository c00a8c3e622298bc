/** Implements `EmailProvider` for a mail server. */
import type { SendMailOptions } from 'nodemailer';
import { mailboxOf } from '../../domain/audition/mailbox.ts';
import { providerError } from '../errors/error-table.ts';
import { withDeadline } from '../errors/transport-errors.ts';
import { operationOf, withoutEffect } from '../operations.ts';
import type { EmailMessage, EmailProvider } from '../ports.ts';
import type { SmtpClient } from './client.ts';
import { fromSmtp, utf8Unavailable } from './errors.ts';
import type { MailJournal } from './journal.ts';
import { smtpDeadlineMs } from './settings.ts';

const sendOperation = operationOf('smtp', 'email.send');
const beforeHandoverOperation = withoutEffect(sendOperation);

/** Creates the provider. Every method throws `ProviderError`. When `beforeHandover` throws, `send` throws the same and sends nothing. */
export const createSmtpEmail = (
  client: SmtpClient,
  from: string,
  journal: MailJournal | undefined,
): EmailProvider => {
  /** The address of the sender is needed for each message, and is ours to correct. */
  const requireUtf8 = async ({ to }: EmailMessage, signal: AbortSignal): Promise<void> => {
    // The name before the address is encoded (RFC 2047).
    const needs = [mailboxOf(from).address, to.address].map((address) => !isAscii(address));
    if (!needs.includes(true) || (await client.offersUtf8(signal))) return;
    const fault = needs[0] ? 'misconfigured' : 'rejected_input';
    throw providerError(beforeHandoverOperation, { kind: fault }, utf8NotOffered);
  };
  return {
    name: 'smtp',
    find: async (messageId, call) => (journal ? journal.find(messageId, call) : 'unknown'),
    send: async (message, beforeHandover, call) => {
      let handedOver = false;
      let refusal: { readonly reason: unknown } | undefined;
      const handOver = async () => {
        try {
          await beforeHandover();
        } catch (reason) {
          refusal = { reason };
          throw new Error('beforeHandover rejected; the message was not sent', { cause: reason });
        }
        // An abort up to this point certainly prevents the message.
        call.signal.throwIfAborted();
        handedOver = true;
      };
      const signal = withDeadline(call, smtpDeadlineMs);
      try {
        await requireUtf8(message, signal);
        await client.send(asMail(message, from, call.correlationId), signal, handOver);
      } catch (error) {
        if (refusal) throw refusal.reason;
        throw fromSmtp(handedOver ? sendOperation : beforeHandoverOperation, error, call);
      }
    },
  };
};

const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text);

const utf8NotOffered = {
  code: utf8Unavailable,
  message: 'the mail server does not offer SMTPUTF8, which an address outside ASCII needs',
};

/** The calendar part follows iMIP (RFC 6047): an alternative of the text, and an attached file. */
const asMail = (message: EmailMessage, from: string, correlationId: string): SendMailOptions => ({
  messageId: message.messageId,
  from,
  to: [message.to],
  subject: message.subject,
  text: message.text,
  html: message.html,
  headers: {
    // RFC 3834: prevents automatic replies.
    'Auto-Submitted': 'auto-generated',
    'X-Correlation-Id': correlationId,
  },
  ...(message.calendar
    ? {
        icalEvent: {
          method: message.calendar.method,
          content: message.calendar.content,
          filename: message.calendar.method === 'CANCEL' ? 'cancel.ics' : 'invite.ics',
        },
      }
    : {}),
});
