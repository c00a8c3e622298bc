/**
 * The environment variables of the service itself: their form, and what to tell whoever set one wrong. With those of the
 * vendors (`providers/<vendor>/settings.ts`), the one table behind the parser, the error message and
 * docs/configuration.md.
 */
import { z } from 'zod';
import { masterKeyRing } from './master-keys.ts';
import {
  networks,
  notEmpty,
  origin,
  originList,
  port,
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
      'Where this runs. `local` and `test` have defaults for the sandbox; `staging` and `production` refuse them.',
    form: 'one of local, test, staging, production',
  }),
  PORT: port().register(variableMetadata, {
    group: 'General',
    about: 'The port the API listens on; 0 takes a free one.',
    form: 'a port number from 0 to 65535',
  }),
  PUBLIC_URL: webAddress().register(variableMetadata, {
    group: 'General',
    about:
      'Where performers and providers reach the API: the address in invitations, callbacks and webhooks.',
    form: 'an address such as https://auditions.example.com',
  }),
  WORKER_METRICS_PORT: port().register(variableMetadata, {
    group: 'General',
    about: 'The port of the worker’s /healthz, /readyz and /metrics; 0 takes a free one.',
    form: 'a port number from 0 to 65535',
  }),
  WORKFLOW_BUNDLE: notEmpty().optional().register(variableMetadata, {
    group: 'General',
    about:
      'The workflow code built ahead by `npm run build:bundle`. Unset, `staging` and `production` take build/workflow-bundle.js, and `local` and `test` bundle at start.',
    form: 'the path of a file written by npm run build:bundle',
  }),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .register(variableMetadata, {
      group: 'General',
      about: 'The least severe line that is logged.',
      form: 'one of trace, debug, info, warn, error, fatal, silent',
    }),
  PLATFORM_ORIGINS: originList().register(variableMetadata, {
    group: 'Access',
    about:
      'Where the platform’s own pages are: whoever has connected an account may be sent on to them (`returnTo`). PUBLIC_URL’s origin always may.',
    form: 'origins separated by commas, such as https://app.example.com',
  }),
  TRUSTED_PROXIES: networks().register(variableMetadata, {
    group: 'Access',
    about:
      'The proxies in front of the API, whose X-Forwarded-For is believed. Empty: none, the address of the connection counts.',
    form: 'networks in CIDR notation, separated by commas, such as 10.0.0.0/8',
  }),
  ALLOWED_PRIVATE_NETWORKS: networks().register(variableMetadata, {
    group: 'Access',
    about:
      'Networks that addresses given by people (CalDAV servers, webhook endpoints) may lead to although they are not public.',
    form: 'networks in CIDR notation, separated by commas, such as 10.20.0.0/16',
  }),
  JWT_ISSUER: webAddress().optional().register(variableMetadata, {
    group: 'Access',
    about: 'Who issues the JSON Web Tokens that are taken beside API keys. Without it none are.',
    form: 'the issuer’s address, exactly as in the claim `iss`',
  }),
  JWT_AUDIENCE: notEmpty().optional().register(variableMetadata, {
    group: 'Access',
    about: 'What the claim `aud` must be. Goes with JWT_ISSUER.',
    form: 'the audience that the issuer was told, such as castmatch-orchestrator',
  }),
  JWT_JWKS_URL: webAddress().optional().register(variableMetadata, {
    group: 'Access',
    about: 'The issuer’s public keys (RFC 7517). Unset: `<issuer>/.well-known/jwks.json`.',
    form: 'an address such as https://login.example.com/.well-known/jwks.json',
  }),
  DATABASE_URL: urlOf('postgres:', 'postgresql:').register(variableMetadata, {
    group: 'Database',
    about: 'The PostgreSQL database. `npm start` sets it; there is no default.',
    form: 'an address such as postgres://user:password@host:5432/castmatch',
    secret: true,
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
    about: 'The API key of Temporal Cloud. With a key, the connection is encrypted.',
    form: 'an API key of the namespace',
    secret: true,
  }),
  TEMPORAL_TLS: z
    .stringbool({ truthy: ['true'], falsy: ['false'] })
    .optional()
    .register(variableMetadata, {
      group: 'Temporal',
      about: 'Encrypts the connection. On by itself when a key or one of the certificates below is given.',
      form: 'true or false',
    }),
  TEMPORAL_TLS_SERVER_NAME: notEmpty().optional().register(variableMetadata, {
    group: 'Temporal',
    about: 'The name the server’s certificate is checked against, where it differs from the address.',
    form: 'a host name',
  }),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: notEmpty().optional().register(variableMetadata, {
    group: 'Temporal',
    about: 'The certificate authority of the server, where it is not a public one.',
    form: 'the path of a readable PEM file',
  }),
  TEMPORAL_TLS_CLIENT_CERT_PATH: notEmpty().optional().register(variableMetadata, {
    group: 'Temporal',
    about: 'Our certificate, for mutual TLS. Goes with TEMPORAL_TLS_CLIENT_KEY_PATH.',
    form: 'the path of a readable PEM file',
  }),
  TEMPORAL_TLS_CLIENT_KEY_PATH: notEmpty().optional().register(variableMetadata, {
    group: 'Temporal',
    about: 'The key of our certificate, for mutual TLS. Goes with TEMPORAL_TLS_CLIENT_CERT_PATH.',
    form: 'the path of a readable PEM file',
  }),
  TEMPORAL_UI_URL: origin().optional().register(variableMetadata, {
    group: 'Temporal',
    about: 'Where operators open the Temporal Web UI: the one origin whose pages may ask the codec server.',
    form: 'an origin without a path, such as https://temporal.example.com',
  }),
  CASTMATCH_TASK_QUEUE_SUFFIX: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{0,100}$/)
    .register(variableMetadata, {
      group: 'Temporal',
      about: 'Appended to the name of every task queue, so that tests on one server do not meet.',
      form: 'at most 100 letters, digits, "-", "_" or "."',
    }),
  CASTMATCH_MASTER_KEYS: masterKeyRing.register(variableMetadata, {
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
    .register(variableMetadata, {
      group: 'Encryption',
      about:
        'The key of a cloud KMS that wraps the data keys of credentials. Unset, CASTMATCH_MASTER_KEYS wraps them; what that has wrapped stays readable, and `npm run vault -- rotate` moves it over.',
      form: 'aws-kms: and the id, ARN or alias of a symmetric AWS KMS key',
    }),
  AWS_REGION: notEmpty().optional().register(variableMetadata, {
    group: 'Encryption',
    about: 'The region of the AWS KMS key. Needed where CASTMATCH_KMS_KEY is no ARN.',
    form: 'a region such as eu-central-1',
  }),
  AWS_KMS_ENDPOINT: webAddress().optional().register(variableMetadata, {
    group: 'Encryption',
    about: 'AWS KMS, where it is not at its public address.',
    form: 'an address such as https://vpce-0123.kms.eu-central-1.vpce.amazonaws.com',
  }),
  AWS_ACCESS_KEY_ID: notEmpty().optional().register(variableMetadata, {
    group: 'Encryption',
    about: 'Credentials for AWS KMS. Unset, the machine’s own role is used.',
    form: 'an access key id',
  }),
  AWS_SECRET_ACCESS_KEY: notEmpty().optional().register(variableMetadata, {
    group: 'Encryption',
    about: 'Goes with AWS_ACCESS_KEY_ID.',
    form: 'its secret access key',
    secret: true,
  }),
});

export type Variables = z.infer<typeof variables>;
