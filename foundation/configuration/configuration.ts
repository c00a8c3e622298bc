/**
 * The settings of a process, read once at its start: parsed as a whole, so that whoever sets them up sees everything
 * that is wrong in one go. Nothing else reads the environment.
 */
import type { z } from 'zod';
import { defaultsFor, isDeployed, vendorAddresses } from './defaults.ts';
import { refusalsOf } from './deployed.ts';
import type { MasterKey } from './master-keys.ts';
import { halfMade } from './pairs.ts';
import { ConfigurationError, type Problem } from './problem.ts';
import { readTemporalTls, type TemporalTls } from './temporal-tls.ts';
import { variableFacts } from './variable-forms.ts';
import { type Environment, environments, type Variables, variables } from './variables.ts';

export type { MasterKey } from './master-keys.ts';
export { ConfigurationError } from './problem.ts';

export interface TemporalConfiguration {
  readonly address: string;
  readonly namespace: string;
  readonly apiKey?: string | undefined;
  readonly tls?: TemporalTls | undefined;
}

export interface KmsConfiguration {
  /** Id, ARN or alias of the AWS KMS key. */
  readonly keyId: string;
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
}

export interface JwtConfiguration {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
}

export interface Configuration {
  readonly environment: Environment;
  readonly databaseUrl: string;
  readonly temporal: TemporalConfiguration;
  readonly port: number;
  readonly publicUrl: string;
  /** The origin of the Temporal Web UI, where there is one. */
  readonly temporalUiUrl?: string | undefined;
  /** Newest first: the first encrypts, all decrypt. */
  readonly masterKeys: readonly MasterKey[];
  /** Appended to every task queue's name; empty but in tests. */
  readonly taskQueueSuffix: string;
  readonly workerMetricsPort: number;
  /** The workflow code built ahead, where it is to be used. */
  readonly workflowBundle?: string | undefined;
  /** The cloud KMS that wraps data keys, where one does. */
  readonly kms?: KmsConfiguration | undefined;
  /** Of the platform's own pages. */
  readonly platformOrigins: readonly string[];
  /** In CIDR notation. */
  readonly trustedProxies: readonly string[];
  readonly allowedPrivateNetworks: readonly string[];
  readonly jwt?: JwtConfiguration | undefined;
  readonly google: {
    readonly apiUrl: string;
    readonly oauthUrl: string;
    readonly authUrl: string;
    readonly clientId: string;
    readonly clientSecret: string;
  };
  readonly microsoft: {
    readonly graphUrl: string;
    readonly loginUrl: string;
    readonly clientId: string;
    readonly clientSecret: string;
    readonly tenantId: string;
  };
  readonly apple: { readonly caldavUrl: string };
  readonly zoom: {
    readonly apiUrl: string;
    readonly oauthUrl: string;
    readonly clientId: string;
    readonly clientSecret: string;
    readonly accountId: string;
    readonly hostUser: string;
    /** The app through which people connect accounts of their own. */
    readonly userApp?: { readonly clientId: string; readonly clientSecret: string } | undefined;
    /** Newest first; empty where Zoom's webhooks are refused. */
    readonly webhookSecrets: readonly string[];
  };
  readonly twilio: {
    readonly apiUrl: string;
    readonly accountSid: string;
    readonly authToken: string;
    readonly previousAuthToken?: string | undefined;
    readonly messagingServiceSid: string;
  };
  readonly smtp: {
    readonly url: string;
    readonly from: string;
    readonly journalUrl?: string | undefined;
    /** Newest first; empty where the mail service's events are refused. */
    readonly webhookSecrets: readonly string[];
  };
  /** What vendors allow an account; 0 is no limit. */
  readonly quotas: {
    readonly zoomMeetingWritesPerDay: number;
    readonly googleRequestsPerMinute: number;
  };
  readonly logLevel: Variables['LOG_LEVEL'];
}

/** What it takes to talk to Temporal and read its payloads: enough for `npm run replay`. */
export type TemporalAccess = Pick<Configuration, 'environment' | 'temporal' | 'masterKeys' | 'logLevel'>;

const temporalAccess = variables.pick({
  CASTMATCH_ENV: true,
  TEMPORAL_ADDRESS: true,
  TEMPORAL_NAMESPACE: true,
  TEMPORAL_API_KEY: true,
  TEMPORAL_TLS: true,
  TEMPORAL_TLS_SERVER_NAME: true,
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: true,
  TEMPORAL_TLS_CLIENT_CERT_PATH: true,
  TEMPORAL_TLS_CLIENT_KEY_PATH: true,
  CASTMATCH_MASTER_KEYS: true,
  LOG_LEVEL: true,
});

/** What it takes to unwrap the data keys of credentials: enough for `npm run vault`. */
export type VaultAccess = Pick<Configuration, 'databaseUrl' | 'masterKeys' | 'kms'>;

const vaultAccess = temporalAccess.extend(
  variables.pick({
    DATABASE_URL: true,
    CASTMATCH_KMS_KEY: true,
    AWS_REGION: true,
    AWS_KMS_ENDPOINT: true,
    AWS_ACCESS_KEY_ID: true,
    AWS_SECRET_ACCESS_KEY: true,
  }).shape,
);

/** @throws {ConfigurationError} naming every variable that is missing, malformed or not fit for the environment. */
export const loadConfiguration = (env: NodeJS.ProcessEnv = process.env): Configuration => {
  const { set, tls } = read(env, variables);
  return {
    environment: set.CASTMATCH_ENV,
    databaseUrl: set.DATABASE_URL,
    temporal: temporalOf(set, tls),
    port: set.PORT,
    publicUrl: set.PUBLIC_URL,
    temporalUiUrl: set.TEMPORAL_UI_URL,
    masterKeys: set.CASTMATCH_MASTER_KEYS,
    taskQueueSuffix: set.CASTMATCH_TASK_QUEUE_SUFFIX,
    workerMetricsPort: set.WORKER_METRICS_PORT,
    workflowBundle:
      set.WORKFLOW_BUNDLE ?? (isDeployed(set.CASTMATCH_ENV) ? 'build/workflow-bundle.js' : undefined),
    kms: kmsOf(set),
    platformOrigins: set.PLATFORM_ORIGINS,
    trustedProxies: set.TRUSTED_PROXIES,
    allowedPrivateNetworks: set.ALLOWED_PRIVATE_NETWORKS,
    jwt: jwtOf(set),
    google: {
      apiUrl: set.GOOGLE_API_URL,
      oauthUrl: set.GOOGLE_OAUTH_URL,
      authUrl: set.GOOGLE_AUTH_URL,
      clientId: set.GOOGLE_CLIENT_ID,
      clientSecret: set.GOOGLE_CLIENT_SECRET,
    },
    microsoft: {
      graphUrl: set.MICROSOFT_GRAPH_URL,
      loginUrl: set.MICROSOFT_LOGIN_URL,
      clientId: set.MICROSOFT_CLIENT_ID,
      clientSecret: set.MICROSOFT_CLIENT_SECRET,
      tenantId: set.MICROSOFT_TENANT_ID,
    },
    apple: { caldavUrl: set.APPLE_CALDAV_URL },
    zoom: {
      apiUrl: set.ZOOM_API_URL,
      oauthUrl: set.ZOOM_OAUTH_URL,
      clientId: set.ZOOM_CLIENT_ID,
      clientSecret: set.ZOOM_CLIENT_SECRET,
      accountId: set.ZOOM_ACCOUNT_ID,
      hostUser: set.ZOOM_HOST_USER,
      userApp: zoomUserAppOf(set),
      webhookSecrets: set.ZOOM_WEBHOOK_SECRET ?? [],
    },
    twilio: {
      apiUrl: set.TWILIO_API_URL,
      accountSid: set.TWILIO_ACCOUNT_SID,
      authToken: set.TWILIO_AUTH_TOKEN,
      previousAuthToken: set.TWILIO_PREVIOUS_AUTH_TOKEN,
      messagingServiceSid: set.TWILIO_MESSAGING_SERVICE_SID,
    },
    smtp: {
      url: set.SMTP_URL,
      from: set.SMTP_FROM,
      journalUrl: set.MAIL_JOURNAL_URL,
      webhookSecrets: set.MAIL_WEBHOOK_SECRET ?? [],
    },
    quotas: {
      zoomMeetingWritesPerDay: set.ZOOM_DAILY_MEETING_WRITES,
      googleRequestsPerMinute: set.GOOGLE_REQUESTS_PER_MINUTE,
    },
    logLevel: set.LOG_LEVEL,
  };
};

/** @throws {ConfigurationError} as `loadConfiguration`, for the Temporal and encryption variables alone. */
export const loadTemporalAccess = (env: NodeJS.ProcessEnv = process.env): TemporalAccess => {
  const { set, tls } = read(env, temporalAccess);
  return {
    environment: set.CASTMATCH_ENV,
    temporal: temporalOf(set, tls),
    masterKeys: set.CASTMATCH_MASTER_KEYS,
    logLevel: set.LOG_LEVEL,
  };
};

/** @throws {ConfigurationError} as `loadConfiguration`, for the database and encryption variables. */
export const loadVaultAccess = (env: NodeJS.ProcessEnv = process.env): VaultAccess => {
  const { set } = read(env, vaultAccess);
  return { databaseUrl: set.DATABASE_URL, masterKeys: set.CASTMATCH_MASTER_KEYS, kms: kmsOf(set) };
};

const kmsOf = (set: z.infer<typeof vaultAccess>): KmsConfiguration | undefined => {
  if (set.CASTMATCH_KMS_KEY === undefined) return undefined;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = set;
  return {
    keyId: set.CASTMATCH_KMS_KEY.slice('aws-kms:'.length),
    region: set.AWS_REGION,
    endpoint: set.AWS_KMS_ENDPOINT,
    credentials: accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined,
  };
};

const jwtOf = ({
  JWT_ISSUER: issuer,
  JWT_AUDIENCE: audience,
  JWT_JWKS_URL: jwksUrl,
}: Variables): JwtConfiguration | undefined =>
  issuer && audience
    ? { issuer, audience, jwksUrl: jwksUrl ?? `${issuer}/.well-known/jwks.json` }
    : undefined;

const zoomUserAppOf = ({
  ZOOM_OAUTH_CLIENT_ID: clientId,
  ZOOM_OAUTH_CLIENT_SECRET: clientSecret,
}: Variables): Configuration['zoom']['userApp'] =>
  clientId && clientSecret ? { clientId, clientSecret } : undefined;

const temporalOf = (
  set: z.infer<typeof temporalAccess>,
  tls: TemporalTls | undefined,
): TemporalConfiguration => ({
  address: set.TEMPORAL_ADDRESS,
  namespace: set.TEMPORAL_NAMESPACE,
  apiKey: set.TEMPORAL_API_KEY,
  tls,
});

const read = <Set extends z.infer<typeof temporalAccess>>(
  env: NodeJS.ProcessEnv,
  schema: z.ZodObject & z.ZodType<Set>,
): { readonly set: Set; readonly tls: TemporalTls | undefined } => {
  const given = withDefaults(env);
  const parsed = schema.safeParse(given);
  const ofSchema = Object.fromEntries(Object.keys(schema.shape).map((name) => [name, given[name]]));
  const { tls, problems } = parsed.success ? readTemporalTls(parsed.data) : { tls: undefined, problems: [] };
  const all = [
    ...(parsed.error?.issues ?? []).map((issue) => problemOf(String(issue.path[0]), given)),
    ...problems,
    ...halfMade(ofSchema),
    ...(isDeployed(environmentOf(env)) ? refusalsOf(ofSchema) : []),
  ];
  if (!parsed.success || all.length > 0) throw new ConfigurationError(onePerVariable(all));
  return { set: parsed.data, tls };
};

/** An empty variable is one that is not set: that is what an empty line of an env file means. */
const withDefaults = (env: NodeJS.ProcessEnv): Readonly<Record<string, string | undefined>> => {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const defaults = defaultsFor(environmentOf(env));
  return {
    ...defaults,
    ...(withoutJournal(env) && { MAIL_JOURNAL_URL: undefined }),
    ...consentBesideTokens(given['GOOGLE_OAUTH_URL']),
    ...given,
  };
};

/** Of a server that is not Google's own, people consent where its tokens are issued, unless it is said otherwise. */
const consentBesideTokens = (oauthUrl: string | undefined): { readonly GOOGLE_AUTH_URL?: string } =>
  oauthUrl !== undefined && oauthUrl !== vendorAddresses.GOOGLE_OAUTH_URL && URL.canParse(oauthUrl)
    ? { GOOGLE_AUTH_URL: new URL(oauthUrl).origin }
    : {};

/**
 * The default journal is that of the default mail server: of another one it would say that nothing was ever sent. An
 * empty line takes it away, since there is no other way to say so.
 */
const withoutJournal = (env: NodeJS.ProcessEnv): boolean =>
  Boolean(env['SMTP_URL']) || env['MAIL_JOURNAL_URL'] === '';

/** Whoever does not say where they are gets the strictest rules, so that a forgotten variable opens nothing. */
const environmentOf = (env: NodeJS.ProcessEnv): Environment =>
  environments.find((environment) => environment === env['CASTMATCH_ENV']) ?? 'production';

const formOf = (name: string): string => {
  const [, schema] = Object.entries(variables.shape).find(([variable]) => variable === name) ?? [];
  return (schema && variableFacts.get(schema)?.form) ?? 'a value';
};

const problemOf = (name: string, given: Readonly<Record<string, string | undefined>>): Problem => ({
  name,
  message: `${given[name] === undefined ? 'is not set' : 'is not valid'}. Set it to ${formOf(name)}.`,
});

const onePerVariable = (problems: readonly Problem[]): readonly Problem[] =>
  [...new Map(problems.toReversed().map((problem) => [problem.name, problem])).values()].toReversed();
