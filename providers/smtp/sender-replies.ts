/**
 * Tells replies of mail servers that concern us as the sender from those that concern the recipient. The enhanced status codes are
 * those of RFC 3463 and of its registry (https://www.iana.org/assignments/smtp-enhanced-status-codes).
 */
import { hour } from '../../domain/time/units.ts';
import type { ErrorRow } from '../errors/error-table.ts';

/** The group of replies before the server knows a recipient: to the connection, the greeting and `MAIL FROM`. */
export const beforeRecipient = 'before_recipient';

const anyRefusal = [400, 599] as const;
const permanent = [500, 599] as const;

/**
 * Quotas of the sender in words. Exchange says `5.2.2 Submission quota exceeded` and `5.2.0 SubmissionQuotaExceededException`
 * (https://learn.microsoft.com/en-us/exchange/troubleshoot/email-delivery/ndr/non-delivery-reports-in-exchange-online), Amazon SES
 * `454 Throttling failure: Daily message quota exceeded` (https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html),
 * Resend `monthly_quota_exceeded`, SendGrid `Maximum credits exceeded`, cPanel `exceeded the max emails per hour`.
 */
const namedQuotas: readonly ErrorRow[] = [
  {
    status: anyRefusal,
    messagePattern: /submission ?quota ?exceeded/i,
    fault: 'quota_exhausted',
    until: hour,
  },
];

/**
 * Permanent replies about the recipient, or about this message, that have a code or words of the other kind: the recipient's address
 * (X.1.1 to X.1.6, X.1.10) and mailbox (X.2.1 to X.2.4), the size (X.3.4), the content (X.6.x), a mailing list that is not expanded
 * (X.7.2), a mailbox or a domain with another owner (X.7.17, X.7.18), and recipients that restrict who may write to them (5.7.12x and
 * 5.7.13x of Exchange).
 */
const recipientsFaults: readonly ErrorRow[] = [
  {
    status: permanent,
    messagePattern: /^\d{3}[ -]5\.(1\.([1-6]|10)|2\.[1-4]|3\.4|6\.\d+|7\.(2|17|18|12\d|13\d))\b/,
    fault: 'rejected_input',
  },
  {
    status: 552,
    messagePattern: /\b(message|content|too)\b.{0,20}\b(size|large|big|long)\b/i,
    fault: 'rejected_input',
  },
];

/**
 * X.4.5 is congestion of the mail system, X.7.x security or policy, X.1.7 and X.1.8 the address and the system of the sender. Gmail
 * reports its limits of a rate and of authentication as X.7.23 to X.7.32
 * (https://knowledge.workspace.google.com/admin/gmail/advanced/gmail-smtp-errors-and-codes). Other 4.7.x in a transient reply are mostly
 * greylisting, which ends in minutes: a plain retry.
 */
const sendersCodes: readonly ErrorRow[] = [
  { status: anyRefusal, messagePattern: /^\d{3}[ -][45]\.4\.5\b/, fault: 'quota_exhausted', until: hour },
  {
    status: anyRefusal,
    messagePattern: /^\d{3}[ -]4\.7\.(2[3-9]|3[0-2])\b/,
    fault: 'sender_refused',
    until: hour,
  },
  { status: permanent, messagePattern: /^\d{3}[ -]4\.7\.\d/, fault: 'quota_exhausted', until: hour },
  {
    status: anyRefusal,
    messagePattern:
      /(24.?hour|daily|hourly|monthly)(\b|_).{0,40}(\b|_)(limit|quota|credits)(\b|_)|\b(exceed(ed|s)?|limit|too many)\b.{0,60}\b(per|an?) (hour|day|month)\b/i,
    fault: 'quota_exhausted',
    until: hour,
  },
  {
    status: anyRefusal,
    messagePattern: /\bmaximum credits exceeded\b/i,
    fault: 'quota_exhausted',
    until: hour,
  },
  {
    status: permanent,
    messagePattern: /^\d{3}[ -]5\.(7\.\d|1\.[78]\b)/,
    fault: 'sender_refused',
    until: hour,
  },
];

/**
 * Policies about the sender in words, where there is no code: Amazon SES `Email address is not verified` and `Sending suspended`
 * (https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html), SendGrid `verified Sender Identity`, block lists,
 * and the authentication of the domain.
 */
const sendersWords: readonly ErrorRow[] = [
  {
    status: permanent,
    messagePattern:
      /\b(SPF|DKIM|DMARC)\b|spamhaus|spamcop|block ?list|black ?list|\breputation\b|verified sender|address is not verified|sending (is )?suspended|unauthenticated sender|\bsender (address )?(is )?(rejected|refused|denied|blocked)|\bnot (allowed|authori[sz]ed|permitted) to send\b/i,
    fault: 'sender_refused',
    until: hour,
  },
  { status: permanent, domain: beforeRecipient, fault: 'sender_refused', until: hour },
];

/** The rows, in their order. They come before those of plain statuses. */
export const senderReplies: readonly ErrorRow[] = [
  ...namedQuotas,
  ...recipientsFaults,
  ...sendersCodes,
  ...sendersWords,
];
