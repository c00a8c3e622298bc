/** Defines the settings, environment variables and deadlines of the mail server. */
import { z } from 'zod';
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

export const smtpConnections = 5;
export const messagesPerConnection = 100;
export const journalDeadlineMs = 5_000;

export const smtpVariables = {
  shape: {
    SMTP_URL: urlOf('smtp:', 'smtps:').register(variableMetadata, {
      group: 'Email',
      about: 'The mail server, with its user and password.',
      form: 'an address such as smtps://user:password@smtp.example.com:465',
      secret: true,
    }),
    SMTP_FROM: z
      .string()
      .regex(/^([^<>@\r\n]+<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/)
      .register(variableMetadata, {
        group: 'Email',
        about: 'The sender of every email.',
        form: 'an address such as auditions@example.com or Auditions <auditions@example.com>',
      }),
    MAIL_WEBHOOK_SECRET: secretList().optional().register(variableMetadata, {
      group: 'Email',
      about:
        'The secret that signs the mail service’s events (bounces, complaints) according to Standard Webhooks. During a rotation: the new and the old one, separated by a comma. Without it such events are rejected.',
      form: 'a secret such as whsec_ and 24 to 64 bytes in base64, newest first where there are two',
      secret: true,
    }),
    MAIL_JOURNAL_URL: webAddress().optional().register(variableMetadata, {
      group: 'Email',
      about:
        'A mailbox with a copy of every sent message that can be queried by message id through maildev’s REST API (`/email` is appended). Without it, an operator must decide about an email with an unknown outcome. The default applies only with the default SMTP_URL; empty means none.',
      form: 'an address such as https://journal.example.com',
    }),
  },
  local: {
    SMTP_URL: 'smtp://127.0.0.1:1025',
    SMTP_FROM: 'CastMatch <auditions@castmatch.localhost>',
    MAIL_WEBHOOK_SECRET: 'whsec_c2FuZGJveC1tYWlsLXdlYmhvb2stc2VjcmV0',
    MAIL_JOURNAL_URL: 'http://127.0.0.1:1080/api',
  },
  dependent: (env) => (hasNoJournal(env) ? { MAIL_JOURNAL_URL: undefined } : {}),
  credentials: ['MAIL_WEBHOOK_SECRET'],
  passwordAddresses: ['SMTP_URL'],
  webAddresses: ['MAIL_JOURNAL_URL'],
  servers: { SMTP_URL: 'mail server' },
} as const satisfies VariableGroup;

type Set = z.output<z.ZodObject<typeof smtpVariables.shape>>;

export interface SmtpConfiguration extends SmtpSettings {
  /** Newest first. Empty: the mail service's events are rejected. */
  readonly webhookSecrets: readonly string[];
}

/** Returns the settings from the parsed variables. */
export const smtpSettingsOf = (set: Set): SmtpConfiguration => ({
  url: set.SMTP_URL,
  from: set.SMTP_FROM,
  journalUrl: set.MAIL_JOURNAL_URL,
  webhookSecrets: set.MAIL_WEBHOOK_SECRET ?? [],
});

/**
 * Whether there is no default journal. The default journal belongs to the default mail server; for another server it
 * would report that nothing was sent. An empty variable also removes it.
 */
const hasNoJournal = (env: VariableValues): boolean =>
  Boolean(env['SMTP_URL']) || env['MAIL_JOURNAL_URL'] === '';
