/** Defines the settings, environment variables and deadlines of the mail server. */
import { z } from 'zod';
import { minute } from '../../domain/time/units.ts';
import type { VariableGroup, VariableValues } from '../../foundation/configuration/variable-group.ts';
import {
  secretList,
  urlOf,
  variableMetadata,
  webAddress,
} from '../../foundation/configuration/variable-types.ts';

export interface SmtpSettings {
  /** `smtp://` or `smtps://`, with user and password when the server requires them. */
  readonly url: string;
  /** Whether a connection that the server does not upgrade to TLS (`STARTTLS`) is dropped before the login. */
  readonly requireTls: boolean;
  readonly from: string;
  /** A mailbox with a copy of every message, read through maildev's REST API: `http://host:1080/api`. */
  readonly journalUrl?: string | undefined;
}

/** The deadline of one message, from the queue of the pool to the server's last reply. */
export const smtpDeadlineMs = 55_000;
export const connectTimeoutMs = 10_000;
/**
 * The longest silence on the connection. The server is slowest after the last chunk of a message: RFC 5321 (section
 * 4.5.3.2.6) allows it ten minutes. After an earlier timeout the outcome of the message is unknown.
 */
export const replyTimeoutMs = 45_000;

/** A server can be replaced by another one behind the same name. */
export const utf8OfferLifetimeMs = 5 * minute;

export const smtpConnections = 5;
export const messagesPerConnection = 100;
export const journalDeadlineMs = 5_000;

/** Guessing the secret would let a stranger forward mail. */
const shortestSecret = 16;

/**
 * An address, alone or in angle brackets behind a name. The name has no special characters of RFC 5322 (section 3.2.3) but the
 * dot, or is in double quotes. No part of the address begins or ends a comment, a list or a group.
 */
const senderPattern =
  /^(?:(?:[^\p{Cc}()<>@,;:\\"[\]]+|"[^\p{Cc}"\\]+" *)<[^\s()<>@,;:\\"[\]]+@[^\s()<>@,;:\\"[\]]+>|[^\s()<>@,;:\\"[\]]+@[^\s()<>@,;:\\"[\]]+)$/u;

export const smtpVariables = {
  shape: {
    SMTP_URL: urlOf('smtp:', 'smtps:').register(variableMetadata, {
      group: 'Email',
      about: 'The mail server, with its user and password.',
      form: 'an address such as smtps://user:password@smtp.example.com:465',
      secret: true,
    }),
    SMTP_TLS: z.enum(['required', 'optional']).register(variableMetadata, {
      group: 'Email',
      about:
        'Whether mail is sent only over TLS: from the first byte with `smtps://`, after `STARTTLS` with `smtp://`. `staging` and `production` accept only `required`.',
      form: 'required or optional',
    }),
    SMTP_FROM: z.string().regex(senderPattern).register(variableMetadata, {
      group: 'Email',
      about:
        'The sender of every email. A name with a comma, a colon or another special character is written in double quotes: otherwise mail programs read several addresses, or a group.',
      form: 'an address such as auditions@example.com, Auditions <auditions@example.com> or "Auditions: North" <auditions@example.com>',
    }),
    MAIL_WEBHOOK_SECRET: secretList().optional().register(variableMetadata, {
      group: 'Email',
      about:
        'The secret that signs the mail service’s events (bounces, complaints) according to Standard Webhooks. During a rotation: the new and the old one, separated by a comma. Without it such events are rejected.',
      form: 'a secret such as whsec_ and 24 to 64 bytes in base64, newest first where there are two',
      secret: true,
    }),
    MAIL_REPLY_ADDRESS: z
      .string()
      .regex(/^[a-z0-9._-]{1,30}@[^\s<>@+]+$/)
      .optional()
      .register(variableMetadata, {
        group: 'Email',
        about:
          'The address that receives the answers of calendar programs to invitations by email. It becomes the organizer of calendar invitations, with a tag for each participant (`replies+tag@…`). A mail service must forward its mail to `/v1/webhooks/mail/inbound`. Unset: SMTP_FROM is the organizer, and answers of calendar programs are not read.',
        form: 'an address in lower case such as replies@in.example.com, with at most 30 characters before the @ and no +',
      }),
    MAIL_INBOUND_SECRET: secretList()
      .refine((secrets) => secrets.every((secret) => secret.length >= shortestSecret))
      .optional()
      .register(variableMetadata, {
        group: 'Email',
        about:
          'The secret of the mail service that forwards received mail: the password of HTTP Basic authentication, a bearer token, the signing secret of Standard Webhooks, or the webhook signing key of Mailgun. During a rotation: the new and the old one, separated by a comma. Set it together with MAIL_REPLY_ADDRESS.',
        form: 'a secret of at least 16 characters, newest first where there are two',
        secret: true,
      }),
    MAIL_JOURNAL_URL: webAddress().optional().register(variableMetadata, {
      group: 'Email',
      about:
        'A mailbox with a copy of every sent message that can be queried by message id through maildev’s REST API (`/email` is appended). Without it, an operator must decide about an email with an unknown outcome. The default applies only with the default SMTP_URL; empty means none.',
      form: 'an address such as https://journal.example.com',
    }),
  },
  deployed: { SMTP_TLS: 'required' },
  local: {
    SMTP_TLS: 'optional',
    SMTP_URL: 'smtp://127.0.0.1:1025',
    SMTP_FROM: 'CastMatch <auditions@castmatch.localhost>',
    MAIL_WEBHOOK_SECRET: 'whsec_c2FuZGJveC1tYWlsLXdlYmhvb2stc2VjcmV0',
    MAIL_JOURNAL_URL: 'http://127.0.0.1:1080/api',
  },
  pairs: [['MAIL_REPLY_ADDRESS', 'MAIL_INBOUND_SECRET']],
  dependent: (env) => (hasNoJournal(env) ? { MAIL_JOURNAL_URL: undefined } : {}),
  credentials: ['MAIL_WEBHOOK_SECRET', 'MAIL_INBOUND_SECRET'],
  passwordAddresses: ['SMTP_URL'],
  webAddresses: ['MAIL_JOURNAL_URL'],
  servers: { SMTP_URL: 'mail server' },
} as const satisfies VariableGroup;

type Set = z.output<z.ZodObject<typeof smtpVariables.shape>>;

export interface SmtpConfiguration extends SmtpSettings {
  /** Newest first. Empty: the mail service's events are rejected. */
  readonly webhookSecrets: readonly string[];
  /** The address for the answers of calendar programs, and the secrets of who forwards them. Undefined: not read. */
  readonly replies?: { readonly address: string; readonly secrets: readonly string[] } | undefined;
}

/** Returns the settings from the parsed variables. */
export const smtpSettingsOf = (set: Set): SmtpConfiguration => ({
  url: set.SMTP_URL,
  requireTls: set.SMTP_TLS === 'required',
  from: set.SMTP_FROM,
  journalUrl: set.MAIL_JOURNAL_URL,
  webhookSecrets: set.MAIL_WEBHOOK_SECRET ?? [],
  replies:
    set.MAIL_REPLY_ADDRESS && set.MAIL_INBOUND_SECRET
      ? { address: set.MAIL_REPLY_ADDRESS, secrets: set.MAIL_INBOUND_SECRET }
      : undefined,
});

/**
 * Whether there is no default journal. The default journal belongs to the default mail server; for another server it
 * would report that nothing was sent. An empty variable also removes it.
 */
const hasNoJournal = (env: VariableValues): boolean =>
  Boolean(env['SMTP_URL']) || env['MAIL_JOURNAL_URL'] === '';
