/**
 * Reads the settings of a process once, at its start. All variables are parsed together, so that one error
 * lists every problem. No other module reads the environment.
 */
import { z } from 'zod';
import type { MessageLimits } from '../../domain/budgets/message-limits.ts';
import { ConfigurationError, type ConfigurationProblem } from './configuration-error.ts';
import { defaultsFor, isDeployed, serviceVariables } from './defaults.ts';
import { deploymentProblems } from './deployment-checks.ts';
import { setValues, trimmed, valueProblem } from './environment-values.ts';
import { keyDatabaseUrlOf } from './key-database-url.ts';
import type { MasterKey } from './master-keys.ts';
import { messageLimitsOf } from './message-limits.ts';
import { incompletePairs } from './paired-variables.ts';
import { readTemporalTls, type TemporalTls } from './temporal-tls.ts';
import type { VariableGroup, VariableValues } from './variable-group.ts';
import { formOf } from './variable-types.ts';
import { type Environment, environments, type Variables, variables } from './variables.ts';

export { ConfigurationError } from './configuration-error.ts';
export type { MasterKey } from './master-keys.ts';

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

/** The settings of the service itself. `providers/configuration.ts` adds the settings of the vendors. */
export interface ServiceConfiguration {
  readonly environment: Environment;
  readonly databaseUrl: string;
  /** The database of the data keys. */
  readonly keyDatabaseUrl: string;
  readonly temporal: TemporalConfiguration;
  readonly port: number;
  readonly publicUrl: string;
  /** The origin of the Temporal Web UI, if one is configured. */
  readonly temporalUiUrl?: string | undefined;
  /** Newest first: the first encrypts, all decrypt. */
  readonly masterKeys: readonly MasterKey[];
  /** Appended to the name of every task queue. Empty outside tests. */
  readonly taskQueueSuffix: string;
  /** How often the reconciliation runs. 0: never. */
  readonly reconciliationMinutes: number;
  /** How often calendars are read without a notification. 0: calendars are not synchronized. */
  readonly calendarPollMinutes: number;
  /** How often calendars are compared as a whole. 0: never without a request. */
  readonly calendarReconciliationHours: number;
  /** The port of /metrics, /docs and /health/integrations. Undefined serves them on `port`. */
  readonly monitoringPort?: number | undefined;
  readonly workerMetricsPort: number;
  /** Path of the prebuilt workflow bundle. Undefined bundles at start. */
  readonly workflowBundle?: string | undefined;
  /** Collects the call stacks of workflows, for the call-stack tab of the Web UI. */
  readonly workflowCallStacks: boolean;
  /** The cloud KMS that wraps data keys. Undefined wraps them with the master keys. */
  readonly kms?: KmsConfiguration | undefined;
  /** Origins of the platform's own pages. */
  readonly platformOrigins: readonly string[];
  /** What an organization may send in a day, when nothing else is set for it. */
  readonly messageLimits: MessageLimits;
  /** In CIDR notation. */
  readonly trustedProxies: readonly string[];
  readonly allowedPrivateNetworks: readonly string[];
  readonly jwt?: JwtConfiguration | undefined;
  readonly logLevel: Variables['LOG_LEVEL'];
  /** The revision of the source that is deployed. */
  readonly revision?: string | undefined;
}

/**
 * The settings needed to call Temporal and decrypt its payloads, as `npm run replay` does. Without a database, only payloads
 * under master keys can be decrypted.
 */
export type TemporalClientConfiguration = Pick<
  ServiceConfiguration,
  'environment' | 'temporal' | 'taskQueueSuffix' | 'masterKeys' | 'logLevel'
> & { readonly hasDatabase: boolean };

const temporalClientVariables = variables.pick({
  CASTMATCH_ENV: true,
  TEMPORAL_ADDRESS: true,
  TEMPORAL_NAMESPACE: true,
  TEMPORAL_API_KEY: true,
  TEMPORAL_TLS: true,
  TEMPORAL_CLEAR_TEXT_REASON: true,
  TEMPORAL_TLS_SERVER_NAME: true,
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: true,
  TEMPORAL_TLS_CLIENT_CERT_PATH: true,
  TEMPORAL_TLS_CLIENT_KEY_PATH: true,
  CASTMATCH_TASK_QUEUE_SUFFIX: true,
  CASTMATCH_MASTER_KEYS: true,
  LOG_LEVEL: true,
});

/** The settings needed to unwrap the data keys of credentials, as `npm run vault` does. */
export type VaultConfiguration = Pick<
  ServiceConfiguration,
  'databaseUrl' | 'keyDatabaseUrl' | 'masterKeys' | 'kms'
>;

const vaultVariables = temporalClientVariables.extend(
  variables.pick({
    DATABASE_URL: true,
    DATABASE_CLEAR_TEXT_REASON: true,
    KEY_DATABASE_URL: true,
    CASTMATCH_KMS_KEY: true,
    AWS_REGION: true,
    AWS_KMS_ENDPOINT: true,
    AWS_ACCESS_KEY_ID: true,
    AWS_SECRET_ACCESS_KEY: true,
  }).shape,
);

/**
 * Reads the variables of the service together with those of other groups, so that one error lists every
 * problem.
 *
 * @throws {ConfigurationError} naming every variable that is missing, malformed or not allowed in the
 * environment.
 */
export const readConfiguration = <Shape extends z.ZodRawShape>(
  shape: Shape,
  groups: readonly VariableGroup[],
  env: NodeJS.ProcessEnv = process.env,
): { readonly service: ServiceConfiguration; readonly set: z.output<z.ZodObject<Shape>> } => {
  const { set, extra, tls } = read(env, variables, [serviceVariables, ...groups], z.object(shape));
  return { service: serviceOf(set, tls), set: extra };
};

const serviceOf = (set: Variables, tls: TemporalTls | undefined): ServiceConfiguration => {
  return {
    environment: set.CASTMATCH_ENV,
    databaseUrl: set.DATABASE_URL,
    keyDatabaseUrl: set.KEY_DATABASE_URL ?? keyDatabaseUrlOf(set.DATABASE_URL),
    temporal: temporalOf(set, tls),
    port: set.PORT,
    publicUrl: set.PUBLIC_URL,
    temporalUiUrl: set.TEMPORAL_UI_URL,
    masterKeys: set.CASTMATCH_MASTER_KEYS,
    taskQueueSuffix: set.CASTMATCH_TASK_QUEUE_SUFFIX,
    reconciliationMinutes: set.RECONCILIATION_MINUTES,
    calendarPollMinutes: set.CALENDAR_POLL_MINUTES,
    calendarReconciliationHours: set.CALENDAR_RECONCILIATION_HOURS,
    monitoringPort: set.MONITORING_PORT,
    workerMetricsPort: set.WORKER_METRICS_PORT,
    workflowBundle:
      set.WORKFLOW_BUNDLE ?? (isDeployed(set.CASTMATCH_ENV) ? 'build/workflow-bundle.js' : undefined),
    workflowCallStacks: set.WORKFLOW_CALL_STACKS,
    kms: kmsOf(set),
    platformOrigins: set.PLATFORM_ORIGINS,
    messageLimits: messageLimitsOf(set),
    trustedProxies: set.TRUSTED_PROXIES,
    allowedPrivateNetworks: set.ALLOWED_PRIVATE_NETWORKS,
    jwt: jwtOf(set),
    logLevel: set.LOG_LEVEL,
    revision: set.CASTMATCH_REVISION,
  };
};

/**
 * Reads only the Temporal and encryption variables.
 *
 * @throws {ConfigurationError} naming every variable that is missing, malformed or not allowed in the
 * environment.
 */
export const loadTemporalClientConfiguration = (
  env: NodeJS.ProcessEnv = process.env,
): TemporalClientConfiguration => {
  const { set, tls } = read(env, temporalClientVariables, [serviceVariables], noExtraVariables);
  return {
    environment: set.CASTMATCH_ENV,
    temporal: temporalOf(set, tls),
    taskQueueSuffix: set.CASTMATCH_TASK_QUEUE_SUFFIX,
    masterKeys: set.CASTMATCH_MASTER_KEYS,
    logLevel: set.LOG_LEVEL,
    hasDatabase: Boolean(env['DATABASE_URL']),
  };
};

/**
 * Reads only the database and encryption variables.
 *
 * @throws {ConfigurationError} naming every variable that is missing, malformed or not allowed in the
 * environment.
 */
export const loadVaultConfiguration = (env: NodeJS.ProcessEnv = process.env): VaultConfiguration => {
  const { set } = read(env, vaultVariables, [serviceVariables], noExtraVariables);
  return {
    databaseUrl: set.DATABASE_URL,
    keyDatabaseUrl: set.KEY_DATABASE_URL ?? keyDatabaseUrlOf(set.DATABASE_URL),
    masterKeys: set.CASTMATCH_MASTER_KEYS,
    kms: kmsOf(set),
  };
};

const kmsOf = (set: z.infer<typeof vaultVariables>): KmsConfiguration | undefined => {
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

const temporalOf = (
  set: z.infer<typeof temporalClientVariables>,
  tls: TemporalTls | undefined,
): TemporalConfiguration => ({
  address: set.TEMPORAL_ADDRESS,
  namespace: set.TEMPORAL_NAMESPACE,
  apiKey: set.TEMPORAL_API_KEY,
  tls,
});

const read = <Set extends z.infer<typeof temporalClientVariables>, Shape extends z.ZodRawShape>(
  environment: NodeJS.ProcessEnv,
  schema: z.ZodObject & z.ZodType<Set>,
  groups: readonly VariableGroup[],
  extra: z.ZodObject<Shape>,
): {
  readonly set: Set;
  readonly extra: z.output<z.ZodObject<Shape>>;
  readonly tls: TemporalTls | undefined;
} => {
  const env = trimmed(environment);
  const values = withDefaults(env, groups);
  const shape: Readonly<Record<string, z.ZodType>> = { ...schema.shape, ...z.object(extra.shape).shape };
  const own = schema.safeParse(values);
  const others = extra.safeParse(values);
  const ofSchema = Object.fromEntries(Object.keys(shape).map((name) => [name, values[name]]));
  const { tls, problems } =
    own.success && others.success ? readTemporalTls(own.data) : { tls: undefined, problems: [] };
  const all = [
    ...[...(own.error?.issues ?? []), ...(others.error?.issues ?? [])].map(({ path: [name] }) =>
      problemOf(String(name), values, shape),
    ),
    ...problems,
    ...valueProblems(ofSchema),
    ...portProblems(ofSchema),
    ...incompletePairs(ofSchema, groups),
    ...(isDeployed(environmentOf(env)) ? deploymentProblems(ofSchema, groups) : []),
  ];
  if (!own.success || !others.success || all.length > 0) throw new ConfigurationError(onePerVariable(all));
  return { set: own.data, extra: others.data, tls };
};

const noExtraVariables = z.object({});

/** The service uses some of these values only later, where a wrong one fails without its name. */
const valueProblems = (values: VariableValues): readonly ConfigurationProblem[] =>
  Object.entries(values).flatMap(([name, value]) => {
    const message = value === undefined ? undefined : valueProblem(value);
    return message === undefined ? [] : [{ name, message }];
  });

/** Two servers of one process cannot listen on one port. 0 selects a free one for each. */
const portProblems = ({
  PORT: port,
  MONITORING_PORT: monitoring,
}: VariableValues): readonly ConfigurationProblem[] =>
  monitoring !== undefined && Number(monitoring) === Number(port) && Number(port) !== 0
    ? [{ name: 'MONITORING_PORT', message: 'is that of PORT. Set it to another port.' }]
    : [];

/** Adds defaults. An empty variable counts as not set. */
const withDefaults = (env: NodeJS.ProcessEnv, groups: readonly VariableGroup[]): VariableValues => {
  return Object.assign(
    {},
    defaultsFor(environmentOf(env), groups),
    ...groups.map(({ dependent }) => dependent?.(env)),
    setValues(env),
  );
};

/** Falls back to `production`, the strictest rules, so that a missing CASTMATCH_ENV weakens nothing. */
const environmentOf = (env: NodeJS.ProcessEnv): Environment =>
  environments.find((environment) => environment === env['CASTMATCH_ENV']) ?? 'production';

const problemOf = (
  name: string,
  values: VariableValues,
  shape: Readonly<Record<string, z.ZodType>>,
): ConfigurationProblem => ({
  name,
  message: `${values[name] === undefined ? 'is not set' : 'is not valid'}. Set it to ${formOf(shape[name])}.`,
});

const onePerVariable = (problems: readonly ConfigurationProblem[]): readonly ConfigurationProblem[] =>
  [...new Map(problems.toReversed().map((problem) => [problem.name, problem])).values()].toReversed();
