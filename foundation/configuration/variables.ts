/**
 * Defines the environment variables of the service itself. `providers/<vendor>/settings.ts` defines those of
 * the vendors. The parser, the error messages and docs/configuration.md are all derived from these
 * definitions.
 */
import { z } from 'zod';
import { masterKeyRing } from './master-keys.ts';
import {
  count,
  countriesOrAny,
  exactAddress,
  networks,
  networksOrNone,
  notEmpty,
  origin,
  originList,
  port,
  reason,
  urlOf,
  variableMetadata,
  webAddress,
} from './variable-types.ts';

export const environments = ['local', 'test', 'staging', 'production'] as const;
export type Environment = (typeof environments)[number];

export const variables = z.object({
  CASTMATCH_ENV: z.enum(environments).register(variableMetadata, {
    group: 'General',
    about:
      'The environment of the process. `local` and `test` have defaults for the sandbox; `staging` and `production` refuse them.',
    form: 'one of local, test, staging, production',
  }),
  PORT: port().register(variableMetadata, {
    group: 'General',
    about: 'The port the API listens on; 0 selects a free port.',
    form: 'a port number from 0 to 65535',
  }),
  PUBLIC_URL: webAddress().register(variableMetadata, {
    group: 'General',
    about:
      'The address at which performers and providers reach the API: used in invitations, callbacks and webhooks.',
    form: 'an address such as https://auditions.example.com',
  }),
  MONITORING_PORT: port().optional().register(variableMetadata, {
    group: 'General',
    about:
      'The port of the API’s /metrics, /docs, /openapi.json and /health/integrations, which ask for no key; 0 selects a free port. Unset, they are served on PORT. /healthz and /readyz are served on both.',
    form: 'a port number from 0 to 65535, other than PORT',
  }),
  WORKER_METRICS_PORT: port().register(variableMetadata, {
    group: 'General',
    about: 'The port of the worker’s /healthz, /readyz and /metrics; 0 selects a free port.',
    form: 'a port number from 0 to 65535',
  }),
  WORKFLOW_BUNDLE: notEmpty().optional().register(variableMetadata, {
    group: 'General',
    about:
      'The workflow bundle built by `npm run build:bundle`. Unset, `staging` and `production` use build/workflow-bundle.js, and `local` and `test` build it at start.',
    form: 'the path of a file written by npm run build:bundle',
  }),
  WORKFLOW_CALL_STACKS: z.stringbool({ truthy: ['true'], falsy: ['false'] }).register(variableMetadata, {
    group: 'General',
    about:
      'Collects the call stacks of workflows on this worker, for the call-stack tab of the Temporal Web UI. Workflow code then takes about three times as long (docs/decisions/0032). The tab shows an error otherwise.',
    form: 'true or false',
  }),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .register(variableMetadata, {
      group: 'General',
      about: 'The lowest severity that is logged.',
      form: 'one of trace, debug, info, warn, error, fatal, silent',
    }),
  CASTMATCH_REVISION: notEmpty().optional().register(variableMetadata, {
    group: 'General',
    about: 'The revision of the source that is deployed, for the metric castmatch_build_info.',
    form: 'the id of a commit, or another name of a build',
  }),
  PLATFORM_ORIGINS: originList().register(variableMetadata, {
    group: 'Access',
    about:
      'The origins of the platform’s own pages. A person can be redirected to them after connecting an account (`returnTo`). The origin of PUBLIC_URL is always allowed.',
    form: 'origins separated by commas, such as https://app.example.com',
  }),
  TRUSTED_PROXIES: networksOrNone().register(variableMetadata, {
    group: 'Access',
    about:
      'The proxies in front of the API whose X-Forwarded-For is trusted. `none`: the client address is the address of the connection. Behind a proxy that is not listed, all callers are one address and share its limits.',
    form: 'networks in CIDR notation, separated by commas, such as 10.0.0.0/8, or to none if no proxy is in front of the API',
  }),
  ALLOWED_PRIVATE_NETWORKS: networks().register(variableMetadata, {
    group: 'Access',
    about: 'Private networks that addresses from users (CalDAV servers, webhook endpoints) may lead to.',
    form: 'networks in CIDR notation, separated by commas, such as 10.20.0.0/16',
  }),
  JWT_ISSUER: webAddress().optional().register(variableMetadata, {
    group: 'Access',
    about:
      'The issuer of the JSON Web Tokens that are accepted in addition to API keys. Unset: none are accepted.',
    form: 'the issuer’s address, exactly as in the claim `iss`',
  }),
  JWT_AUDIENCE: notEmpty().optional().register(variableMetadata, {
    group: 'Access',
    about: 'The required value of the claim `aud`. Set it together with JWT_ISSUER.',
    form: 'the audience registered at the issuer, such as castmatch-orchestrator',
  }),
  JWT_JWKS_URL: exactAddress().optional().register(variableMetadata, {
    group: 'Access',
    about:
      'The issuer’s public keys (RFC 7517), called exactly as it is set. Unset: `<issuer>/.well-known/jwks.json`.',
    form: 'an address such as https://login.example.com/.well-known/jwks.json',
  }),
  SMS_DAILY_BUDGET: count().register(variableMetadata, {
    group: 'Budgets',
    about:
      'How many segments of text messages an organization may send in a day (UTC), unless `npm run ops -- organizations change` sets another budget for it. Cancellations, and notices about a slot within 24 hours, can use 20 % more.',
    form: 'a whole number, such as 2000; 0 sends no text messages',
  }),
  EMAIL_DAILY_BUDGET: count().register(variableMetadata, {
    group: 'Budgets',
    about: 'How many emails an organization may send in a day (UTC), with the same exceptions.',
    form: 'a whole number, such as 20000; 0 sends no emails',
  }),
  SMS_COUNTRIES: countriesOrAny().register(variableMetadata, {
    group: 'Budgets',
    about:
      'The countries to whose phone numbers organizations send text messages, unless another list is set for an organization. Numbers of other countries are refused in requests. `staging` and `production` have no default: fraud uses expensive countries.',
    form: 'countries of ISO 3166-1 separated by commas, such as FR,BE,CH, or to any',
  }),
  DATABASE_URL: urlOf('postgres:', 'postgresql:').register(variableMetadata, {
    group: 'Database',
    about:
      'The PostgreSQL database, directly or through a pooler in session mode. A pooler that shares sessions between clients, such as PgBouncer in transaction or statement mode, is refused at the start. `npm start` sets it; there is no default.',
    form: 'an address such as postgres://user:password@host:5432/castmatch',
    secret: true,
  }),
  KEY_DATABASE_URL: urlOf('postgres:', 'postgresql:').optional().register(variableMetadata, {
    group: 'Database',
    about:
      'The database of the data keys. Its backups must be kept apart from those of DATABASE_URL, and deleted soon: they open what an erasure has made unreadable. Unset: a database on the same server, with the name of the other one and `_keys`.',
    form: 'an address such as postgres://user:password@host:5432/castmatch_keys',
    secret: true,
  }),
  DATABASE_CLEAR_TEXT_REASON: reason().optional().register(variableMetadata, {
    group: 'Database',
    about:
      'Why the connection to PostgreSQL needs no TLS. Without it, `staging` and `production` refuse a DATABASE_URL whose `sslmode` permits clear text.',
    form: 'a reason of at least ten characters, such as "Cloud SQL proxy on the same host"',
  }),
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:/@]+):\d{1,5}$/)
    .register(variableMetadata, {
      group: 'Temporal',
      about: 'The Temporal frontend.',
      form: 'host:port without a scheme, such as temporal.example.com:7233',
    }),
  TEMPORAL_NAMESPACE: notEmpty().register(variableMetadata, {
    group: 'Temporal',
    about: 'The namespace all workflows live in.',
    form: 'the name of a namespace',
  }),
  TEMPORAL_API_KEY: notEmpty().optional().register(variableMetadata, {
    group: 'Temporal',
    about: 'The API key of Temporal Cloud. With a key, the connection uses TLS.',
    form: 'an API key of the namespace',
    secret: true,
  }),
  TEMPORAL_TLS: z
    .stringbool({ truthy: ['true'], falsy: ['false'] })
    .optional()
    .register(variableMetadata, {
      group: 'Temporal',
      about:
        'Encrypts the connection. Turned on automatically when a key or one of the certificates below is set.',
      form: 'true or false',
    }),
  TEMPORAL_CLEAR_TEXT_REASON: reason().optional().register(variableMetadata, {
    group: 'Temporal',
    about:
      'Why the connection to Temporal needs no TLS. Without it, `staging` and `production` refuse a connection without TLS.',
    form: 'a reason of at least ten characters, such as "the service mesh encrypts it"',
  }),
  TEMPORAL_TLS_SERVER_NAME: notEmpty().optional().register(variableMetadata, {
    group: 'Temporal',
    about: 'The host name in the server’s certificate, if it differs from the address.',
    form: 'a host name',
  }),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: notEmpty().optional().register(variableMetadata, {
    group: 'Temporal',
    about: 'The certificate authority of the server, if it is not a public one.',
    form: 'the path of a readable PEM file',
  }),
  TEMPORAL_TLS_CLIENT_CERT_PATH: notEmpty().optional().register(variableMetadata, {
    group: 'Temporal',
    about: 'The client certificate for mutual TLS. Set it together with TEMPORAL_TLS_CLIENT_KEY_PATH.',
    form: 'the path of a readable PEM file',
  }),
  TEMPORAL_TLS_CLIENT_KEY_PATH: notEmpty().optional().register(variableMetadata, {
    group: 'Temporal',
    about:
      'The key of the client certificate for mutual TLS. Set it together with TEMPORAL_TLS_CLIENT_CERT_PATH.',
    form: 'the path of a readable PEM file',
  }),
  TEMPORAL_UI_URL: origin().optional().register(variableMetadata, {
    group: 'Temporal',
    about: 'The origin of the Temporal Web UI: the only origin whose pages may call the codec server.',
    form: 'an origin without a path, such as https://temporal.example.com',
  }),
  CASTMATCH_TASK_QUEUE_SUFFIX: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{0,100}$/)
    .register(variableMetadata, {
      group: 'Temporal',
      about: 'Appended to the name of every task queue. Separates tests that share one server.',
      form: 'at most 100 letters, digits, "-", "_" or "."',
    }),
  RECONCILIATION_MINUTES: count().register(variableMetadata, {
    group: 'Temporal',
    about:
      'How often auditions are compared with Temporal, in minutes, to find those whose workflow was terminated or lost. 0: never.',
    form: 'a whole number, such as 5',
  }),
  CALENDAR_POLL_MINUTES: count().register(variableMetadata, {
    group: 'Temporal',
    about:
      'How often the calendars of open auditions are read when no notification arrives, in minutes. CalDAV calendars, and those of a Google or Microsoft account of which one calendar cannot notify, are read every 5 minutes or more often. 0: calendars are not synchronized, and changes that people make in them are not noticed.',
    form: 'a whole number, such as 15',
  }),
  CALENDAR_RECONCILIATION_HOURS: count().register(variableMetadata, {
    group: 'Temporal',
    about:
      'How often all events of the calendars of open auditions are listed again, in hours, and compared with what was written. Finds lost writes and leftover events. 0: only when a provider demands a new listing, or an operator. A calendar with damaged events is listed once a day in any case.',
    form: 'a whole number, such as 24',
  }),
  CASTMATCH_MASTER_KEYS: masterKeyRing.register(variableMetadata, {
    group: 'Encryption',
    about:
      'The keys that encrypt payloads and stored credentials, newest first. The first key encrypts; all keys decrypt. Remove a key only when no data sealed under it is left.',
    form: 'comma-separated id:key pairs, each id once, each key 32 bytes in base64 (openssl rand -base64 32)',
    secret: true,
  }),
  CASTMATCH_KMS_KEY: z
    .string()
    .regex(/^aws-kms:\S+$/)
    .optional()
    .register(variableMetadata, {
      group: 'Encryption',
      about:
        'The key of a cloud KMS that wraps the data keys of credentials. Unset, CASTMATCH_MASTER_KEYS wraps them. Data keys wrapped by CASTMATCH_MASTER_KEYS stay readable, and `npm run vault -- rotate` rewraps them with the KMS.',
      form: 'aws-kms: and the id, ARN or alias of a symmetric AWS KMS key',
    }),
  AWS_REGION: notEmpty().optional().register(variableMetadata, {
    group: 'Encryption',
    about: 'The region of the AWS KMS key. Required unless CASTMATCH_KMS_KEY is an ARN.',
    form: 'a region such as eu-central-1',
  }),
  AWS_KMS_ENDPOINT: webAddress().optional().register(variableMetadata, {
    group: 'Encryption',
    about: 'The address of AWS KMS, if it is not the public one.',
    form: 'an address such as https://vpce-0123.kms.eu-central-1.vpce.amazonaws.com',
  }),
  AWS_ACCESS_KEY_ID: notEmpty().optional().register(variableMetadata, {
    group: 'Encryption',
    about: 'The access key for AWS KMS. Unset, the role of the machine is used.',
    form: 'an access key id',
  }),
  AWS_SECRET_ACCESS_KEY: notEmpty().optional().register(variableMetadata, {
    group: 'Encryption',
    about: 'The secret of AWS_ACCESS_KEY_ID. Set both together.',
    form: 'its secret access key',
    secret: true,
  }),
});

export type Variables = z.infer<typeof variables>;
