/** The mail server's facts. */
import { z } from 'zod';
import type { Given, VariableGroup } from '../../foundation/configuration/variable-group.ts';
import {
  secretList,
  urlOf,
  variableMetadata,
  webAddress,
} from '../../foundation/configuration/variable-types.ts';

export interface SmtpSettings {
  /** `smtp://` or `smtps://`, with user and password where the server wants them. */
  readonly url: string;
  readonly from: string;
  /** A mailbox that keeps a copy of everything, read over maildev's REST API: `http://host:1080/api`. */
  readonly journalUrl?: string | undefined;
}

/** One message, from the queue of the pool to the server's last word. */
export const smtpDeadlineMs = 55_000;
export const connectTimeoutMs = 10_000;
/**
 * Silence on the connection. The longest comes after the last piece of the message, while the server takes it over:
 * RFC 5321 (section 4.5.3.2.6) would have us wait ten minutes, so who hangs up earlier cannot know what became of it.
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
        'The secret that signs the mail service’s events (bounces, complaints) after the Standard Webhooks specification. While it is exchanged, the new one and the old one, separated by a comma. Without it such events are refused.',
      form: 'a secret such as whsec_ and 24 to 64 bytes in base64, newest first where there are two',
      secret: true,
    }),
    MAIL_JOURNAL_URL: webAddress().optional().register(variableMetadata, {
      group: 'Email',
      about:
        'A mailbox that keeps a copy of what was sent and can be asked for a message by its id, as maildev’s REST API does (`/email` is appended). Without it, an email whose outcome is unknown waits for a person. The default goes with the default SMTP_URL alone; empty means none.',
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
  /** Newest first; empty where the mail service's events are refused. */
  readonly webhookSecrets: readonly string[];
}

export const smtpSettingsOf = (set: Set): SmtpConfiguration => ({
  url: set.SMTP_URL,
  from: set.SMTP_FROM,
  journalUrl: set.MAIL_JOURNAL_URL,
  webhookSecrets: set.MAIL_WEBHOOK_SECRET ?? [],
});

/**
 * The default journal is that of the default mail server: of another one it would say that nothing was ever sent. An
 * empty line takes it away, since there is no other way to say so.
 */
const hasNoJournal = (env: Given): boolean => Boolean(env['SMTP_URL']) || env['MAIL_JOURNAL_URL'] === '';
