/**
 * Every environment variable of the service: its form, and what to tell whoever set it wrong. The one table behind
 * the parser, the error message and docs/configuration.md.
 */
import { z } from 'zod';
import { masterKeyRing } from './master-keys.ts';
import {
  count,
  networks,
  notEmpty,
  origin,
  originList,
  port,
  secretList,
  urlOf,
  variableFacts,
  webAddress,
} from './variable-forms.ts';

export const environments = ['local', 'test', 'staging', 'production'] as const;
export type Environment = (typeof environments)[number];

export const variables = z.object({
  CASTMATCH_ENV: z.enum(environments).register(variableFacts, {
    group: 'General',
    about:
      'Where this runs. `local` and `test` have defaults for the sandbox; `staging` and `production` refuse them.',
    form: 'one of local, test, staging, production',
  }),
  PORT: port().register(variableFacts, {
    group: 'General',
    about: 'The port the API listens on; 0 takes a free one.',
    form: 'a port number from 0 to 65535',
  }),
  PUBLIC_URL: webAddress().register(variableFacts, {
    group: 'General',
    about:
      'Where performers and providers reach the API: the address in invitations, callbacks and webhooks.',
    form: 'an address such as https://auditions.example.com',
  }),
  WORKER_METRICS_PORT: port().register(variableFacts, {
    group: 'General',
    about: 'The port of the worker’s /healthz, /readyz and /metrics; 0 takes a free one.',
    form: 'a port number from 0 to 65535',
  }),
  WORKFLOW_BUNDLE: notEmpty().optional().register(variableFacts, {
    group: 'General',
    about:
      'The workflow code built ahead by `npm run build:bundle`. Unset, `staging` and `production` take build/workflow-bundle.js, and `local` and `test` bundle at start.',
    form: 'the path of a file written by npm run build:bundle',
  }),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).register(variableFacts, {
    group: 'General',
    about: 'The least severe line that is logged.',
    form: 'one of trace, debug, info, warn, error, fatal, silent',
  }),
  PLATFORM_ORIGINS: originList().register(variableFacts, {
    group: 'Access',
    about:
      'Where the platform’s own pages are: whoever has connected an account may be sent on to them (`returnTo`). PUBLIC_URL’s origin always may.',
    form: 'origins separated by commas, such as https://app.example.com',
  }),
  TRUSTED_PROXIES: networks().register(variableFacts, {
    group: 'Access',
    about:
      'The proxies in front of the API, whose X-Forwarded-For is believed. Empty: none, the address of the connection counts.',
    form: 'networks in CIDR notation, separated by commas, such as 10.0.0.0/8',
  }),
  ALLOWED_PRIVATE_NETWORKS: networks().register(variableFacts, {
    group: 'Access',
    about:
      'Networks that addresses given by people (CalDAV servers, webhook endpoints) may lead to although they are not public.',
    form: 'networks in CIDR notation, separated by commas, such as 10.20.0.0/16',
  }),
  JWT_ISSUER: webAddress().optional().register(variableFacts, {
    group: 'Access',
    about: 'Who issues the JSON Web Tokens that are taken beside API keys. Without it none are.',
    form: 'the issuer’s address, exactly as in the claim `iss`',
  }),
  JWT_AUDIENCE: notEmpty().optional().register(variableFacts, {
    group: 'Access',
    about: 'What the claim `aud` must be. Goes with JWT_ISSUER.',
    form: 'the audience that the issuer was told, such as castmatch-orchestrator',
  }),
  JWT_JWKS_URL: webAddress().optional().register(variableFacts, {
    group: 'Access',
    about: 'The issuer’s public keys (RFC 7517). Unset: `<issuer>/.well-known/jwks.json`.',
    form: 'an address such as https://login.example.com/.well-known/jwks.json',
  }),
  DATABASE_URL: urlOf('postgres:', 'postgresql:').register(variableFacts, {
    group: 'Database',
    about: 'The PostgreSQL database. `npm start` sets it; there is no default.',
    form: 'an address such as postgres://user:password@host:5432/castmatch',
    secret: true,
  }),
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:/@]+):\d{1,5}$/)
    .register(variableFacts, {
      group: 'Temporal',
      about: 'The Temporal frontend.',
      form: 'host:port without a scheme, such as temporal.example.com:7233',
    }),
  TEMPORAL_NAMESPACE: notEmpty().register(variableFacts, {
    group: 'Temporal',
    about: 'The namespace all workflows live in.',
    form: 'the name of a namespace',
  }),
  TEMPORAL_API_KEY: notEmpty().optional().register(variableFacts, {
    group: 'Temporal',
    about: 'The API key of Temporal Cloud. With a key, the connection is encrypted.',
    form: 'an API key of the namespace',
    secret: true,
  }),
  TEMPORAL_TLS: z
    .stringbool({ truthy: ['true'], falsy: ['false'] })
    .optional()
    .register(variableFacts, {
      group: 'Temporal',
      about: 'Encrypts the connection. On by itself when a key or one of the certificates below is given.',
      form: 'true or false',
    }),
  TEMPORAL_TLS_SERVER_NAME: notEmpty().optional().register(variableFacts, {
    group: 'Temporal',
    about: 'The name the server’s certificate is checked against, where it differs from the address.',
    form: 'a host name',
  }),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: notEmpty().optional().register(variableFacts, {
    group: 'Temporal',
    about: 'The certificate authority of the server, where it is not a public one.',
    form: 'the path of a readable PEM file',
  }),
  TEMPORAL_TLS_CLIENT_CERT_PATH: notEmpty().optional().register(variableFacts, {
    group: 'Temporal',
    about: 'Our certificate, for mutual TLS. Goes with TEMPORAL_TLS_CLIENT_KEY_PATH.',
    form: 'the path of a readable PEM file',
  }),
  TEMPORAL_TLS_CLIENT_KEY_PATH: notEmpty().optional().register(variableFacts, {
    group: 'Temporal',
    about: 'The key of our certificate, for mutual TLS. Goes with TEMPORAL_TLS_CLIENT_CERT_PATH.',
    form: 'the path of a readable PEM file',
  }),
  TEMPORAL_UI_URL: origin().optional().register(variableFacts, {
    group: 'Temporal',
    about: 'Where operators open the Temporal Web UI: the one origin whose pages may ask the codec server.',
    form: 'an origin without a path, such as https://temporal.example.com',
  }),
  CASTMATCH_TASK_QUEUE_SUFFIX: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{0,100}$/)
    .register(variableFacts, {
      group: 'Temporal',
      about: 'Appended to the name of every task queue, so that tests on one server do not meet.',
      form: 'at most 100 letters, digits, "-", "_" or "."',
    }),
  CASTMATCH_MASTER_KEYS: masterKeyRing.register(variableFacts, {
    group: 'Encryption',
    about:
      'The keys that payloads and stored credentials are encrypted under, newest first. The first one encrypts, all of them decrypt. A key goes out only when nothing sealed under it is left.',
    form: 'comma-separated id:key pairs, each id once, each key 32 bytes in base64 (openssl rand -base64 32)',
    secret: true,
  }),
  CASTMATCH_KMS_KEY: z
    .string()
    .regex(/^aws-kms:\S+$/)
    .optional()
    .register(variableFacts, {
      group: 'Encryption',
      about:
        'The key of a cloud KMS that wraps the data keys of credentials. Unset, CASTMATCH_MASTER_KEYS wraps them; what that has wrapped stays readable, and `npm run vault -- rotate` moves it over.',
      form: 'aws-kms: and the id, ARN or alias of a symmetric AWS KMS key',
    }),
  AWS_REGION: notEmpty().optional().register(variableFacts, {
    group: 'Encryption',
    about: 'The region of the AWS KMS key. Needed where CASTMATCH_KMS_KEY is no ARN.',
    form: 'a region such as eu-central-1',
  }),
  AWS_KMS_ENDPOINT: webAddress().optional().register(variableFacts, {
    group: 'Encryption',
    about: 'AWS KMS, where it is not at its public address.',
    form: 'an address such as https://vpce-0123.kms.eu-central-1.vpce.amazonaws.com',
  }),
  AWS_ACCESS_KEY_ID: notEmpty().optional().register(variableFacts, {
    group: 'Encryption',
    about: 'Credentials for AWS KMS. Unset, the machine’s own role is used.',
    form: 'an access key id',
  }),
  AWS_SECRET_ACCESS_KEY: notEmpty().optional().register(variableFacts, {
    group: 'Encryption',
    about: 'Goes with AWS_ACCESS_KEY_ID.',
    form: 'its secret access key',
    secret: true,
  }),
  GOOGLE_API_URL: origin().register(variableFacts, {
    group: 'Google',
    about: 'The origin of the Calendar API. Google’s client drops a path, so none is accepted.',
    form: 'an origin without a path, such as https://www.googleapis.com',
  }),
  GOOGLE_OAUTH_URL: webAddress().register(variableFacts, {
    group: 'Google',
    about:
      'Where tokens are exchanged and revoked: `/token` and `/revoke` are appended, unless the server says otherwise in its OpenID configuration.',
    form: 'an address such as https://oauth2.googleapis.com',
  }),
  GOOGLE_AUTH_URL: webAddress().register(variableFacts, {
    group: 'Google',
    about:
      'Where people consent (`/o/oauth2/v2/auth` is appended). Where GOOGLE_OAUTH_URL is another server than Google’s, that server’s unless set.',
    form: 'an address such as https://accounts.google.com',
  }),
  GOOGLE_CLIENT_ID: notEmpty().register(variableFacts, {
    group: 'Google',
    about: 'The OAuth client.',
    form: 'the client id shown in the Google Cloud console',
  }),
  GOOGLE_CLIENT_SECRET: notEmpty().register(variableFacts, {
    group: 'Google',
    about: 'The OAuth client’s secret.',
    form: 'the client secret shown in the Google Cloud console',
    secret: true,
  }),
  GOOGLE_REQUESTS_PER_MINUTE: count().register(variableFacts, {
    group: 'Google',
    about:
      'What Google allows the project for one user in a minute, as its quota page in the Google Cloud console says: calls beyond it wait. 0 for no limit of ours.',
    form: 'a whole number, such as 600',
  }),
  MICROSOFT_GRAPH_URL: webAddress().register(variableFacts, {
    group: 'Microsoft',
    about: 'Microsoft Graph (`/v1.0` is appended).',
    form: 'an address such as https://graph.microsoft.com',
  }),
  MICROSOFT_LOGIN_URL: webAddress().register(variableFacts, {
    group: 'Microsoft',
    about:
      'Where people consent and tokens are issued: `/<tenant>/oauth2/v2.0/…` is appended, unless the server says otherwise in its OpenID configuration.',
    form: 'an address such as https://login.microsoftonline.com',
  }),
  MICROSOFT_CLIENT_ID: notEmpty().register(variableFacts, {
    group: 'Microsoft',
    about: 'The app registration.',
    form: 'the application (client) id shown in the Entra admin center',
  }),
  MICROSOFT_CLIENT_SECRET: notEmpty().register(variableFacts, {
    group: 'Microsoft',
    about: 'The registration’s client secret.',
    form: 'the value of a client secret of the app registration',
    secret: true,
  }),
  MICROSOFT_TENANT_ID: notEmpty().register(variableFacts, {
    group: 'Microsoft',
    about:
      'Whose accounts may be connected: `common` is everybody’s, `organizations` those at work or school.',
    form: 'common, organizations, or the id of a tenant',
  }),
  APPLE_CALDAV_URL: webAddress().register(variableFacts, {
    group: 'Apple',
    about: 'The CalDAV server that is taken where a person names none.',
    form: 'an address such as https://caldav.icloud.com',
  }),
  ZOOM_API_URL: webAddress().register(variableFacts, {
    group: 'Zoom',
    about: 'The Zoom API, with its version.',
    form: 'an address such as https://api.zoom.us/v2',
  }),
  ZOOM_OAUTH_URL: webAddress().register(variableFacts, {
    group: 'Zoom',
    about: 'Where tokens are issued (`/oauth/token` is appended).',
    form: 'an address such as https://zoom.us',
  }),
  ZOOM_CLIENT_ID: notEmpty().register(variableFacts, {
    group: 'Zoom',
    about: 'The server-to-server OAuth app.',
    form: 'the client id shown in the Zoom Marketplace',
  }),
  ZOOM_CLIENT_SECRET: notEmpty().register(variableFacts, {
    group: 'Zoom',
    about: 'The app’s secret.',
    form: 'the client secret shown in the Zoom Marketplace',
    secret: true,
  }),
  ZOOM_ACCOUNT_ID: notEmpty().register(variableFacts, {
    group: 'Zoom',
    about: 'The account the app belongs to.',
    form: 'the account id shown in the Zoom Marketplace',
  }),
  ZOOM_HOST_USER: notEmpty().register(variableFacts, {
    group: 'Zoom',
    about:
      'The user whose meetings they are: licensed, and with 100 creations and changes a day. `me` is the user the app was installed by.',
    form: 'the id or the email address of a user of the account, or me',
  }),
  ZOOM_DAILY_MEETING_WRITES: count().register(variableFacts, {
    group: 'Zoom',
    about:
      'How many meetings Zoom lets that user create and change in a day (UTC): beyond it, the next provider is taken. 0 for no limit of ours.',
    form: 'a whole number, such as 100',
  }),
  ZOOM_OAUTH_CLIENT_ID: notEmpty().optional().register(variableFacts, {
    group: 'Zoom',
    about:
      'The user-managed OAuth app through which people connect accounts of their own. Without it they cannot.',
    form: 'the client id of a user-managed app in the Zoom Marketplace',
  }),
  ZOOM_OAUTH_CLIENT_SECRET: notEmpty().optional().register(variableFacts, {
    group: 'Zoom',
    about: 'That app’s secret.',
    form: 'the client secret of that app',
    secret: true,
  }),
  ZOOM_WEBHOOK_SECRET: secretList().optional().register(variableFacts, {
    group: 'Zoom',
    about:
      'The secret token that signs Zoom’s webhooks. While it is exchanged, the new one and the old one, separated by a comma. Without it Zoom’s webhooks are refused.',
    form: 'the secret token shown in the Zoom Marketplace, newest first where there are two',
    secret: true,
  }),
  TWILIO_API_URL: webAddress().register(variableFacts, {
    group: 'Twilio',
    about: 'The Twilio API.',
    form: 'an address such as https://api.twilio.com',
  }),
  TWILIO_ACCOUNT_SID: z
    .string()
    .regex(/^AC[0-9a-fA-F]{32}$/)
    .register(variableFacts, {
      group: 'Twilio',
      about: 'The account messages are sent from.',
      form: '"AC" and 32 hexadecimal digits, as shown in the Twilio console',
    }),
  TWILIO_AUTH_TOKEN: notEmpty().register(variableFacts, {
    group: 'Twilio',
    about: 'The account’s auth token; it also signs Twilio’s webhooks.',
    form: 'the auth token shown in the Twilio console',
    secret: true,
  }),
  TWILIO_PREVIOUS_AUTH_TOKEN: notEmpty().optional().register(variableFacts, {
    group: 'Twilio',
    about: 'The auth token of before, whose signatures are still taken while a new one is rolled out.',
    form: 'the auth token that was replaced',
    secret: true,
  }),
  TWILIO_MESSAGING_SERVICE_SID: z
    .string()
    .regex(/^MG[0-9a-fA-F]{32}$/)
    .register(variableFacts, {
      group: 'Twilio',
      about: 'The messaging service that picks the sender.',
      form: '"MG" and 32 hexadecimal digits, as shown in the Twilio console',
    }),
  SMTP_URL: urlOf('smtp:', 'smtps:').register(variableFacts, {
    group: 'Email',
    about: 'The mail server, with its user and password.',
    form: 'an address such as smtps://user:password@smtp.example.com:465',
    secret: true,
  }),
  SMTP_FROM: z
    .string()
    .regex(/^([^<>@\r\n]+<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/)
    .register(variableFacts, {
      group: 'Email',
      about: 'The sender of every email.',
      form: 'an address such as auditions@example.com or Auditions <auditions@example.com>',
    }),
  MAIL_WEBHOOK_SECRET: secretList().optional().register(variableFacts, {
    group: 'Email',
    about:
      'The secret that signs the mail service’s events (bounces, complaints) after the Standard Webhooks specification. While it is exchanged, the new one and the old one, separated by a comma. Without it such events are refused.',
    form: 'a secret such as whsec_ and 24 to 64 bytes in base64, newest first where there are two',
    secret: true,
  }),
  MAIL_JOURNAL_URL: webAddress().optional().register(variableFacts, {
    group: 'Email',
    about:
      'A mailbox that keeps a copy of what was sent and can be asked for a message by its id, as maildev’s REST API does (`/email` is appended). Without it, an email whose outcome is unknown waits for a person. The default goes with the default SMTP_URL alone; empty means none.',
    form: 'an address such as https://journal.example.com',
  }),
});

export type VariableName = keyof typeof variables.shape;
export type Variables = z.infer<typeof variables>;
