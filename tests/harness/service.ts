/**
 * Starts the whole service for one test file, without replacing any part: a database on a real PostgreSQL, a real
 * Temporal server (own task queues), the provider sandbox, a real SMTP server with its inbox, the API, and worker
 * processes that a test can kill.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { inject } from 'vitest';
import { startApi } from '../../api/server.ts';
import type { ConnectionId, OrganizationId } from '../../domain/ids.ts';
import { createKeyRing } from '../../foundation/encryption/key-ring.ts';
import { createLogger } from '../../foundation/observability/logger.ts';
import { temporalClientOptions, temporalConnectionOptions } from '../../foundation/temporal/connection.ts';
import { type Sandbox, startSandbox } from '../../infra/sandbox/sandbox.ts';
import type { SandboxOptions } from '../../infra/sandbox/settings.ts';
import { type Configuration, loadConfiguration } from '../../providers/configuration.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { findFreePort } from './free-port.ts';
import { type RefusingMailServer, startMailServerProcess } from './mail-server.ts';
import type { PostgresServer } from './postgres-server.ts';
import type { SharedTemporal } from './temporal-server.ts';
import { startWorkerProcess, type WorkerProcess } from './worker-process.ts';

export const organization: OrganizationId = 'org_e2e';
const otherOrganization: OrganizationId = 'org_strangers';
export const keys = {
  backend: 'e2e-backend-key',
  operator: 'e2e-operator-key',
  stranger: 'e2e-stranger-key',
} as const;

/** The connections of the organization, and their accounts at the sandbox. */
export const sandboxAccounts = {
  conn_office: 'office@castmatch.example',
  conn_director: 'director@castmatch.example',
  conn_performer: 'performer@castmatch.example',
} as const satisfies Readonly<Record<ConnectionId, string>>;

export interface ServiceUnderTest {
  readonly url: string;
  readonly sandbox: Sandbox;
  readonly mailServer: RefusingMailServer;
  readonly database: TestDatabase;
  readonly temporal: Client;
  readonly configuration: Configuration;
  /** The environment of API and workers, and of command lines. */
  readonly env: NodeJS.ProcessEnv;
  readonly taskQueue: string;
  /** Returns everything that the API logged and the workers printed so far. */
  printed(): string;
  /** Starts the service's worker, or another program; `env` adds environment variables. */
  startWorker(other?: { readonly program: string; readonly env: NodeJS.ProcessEnv }): Promise<WorkerProcess>;
  close(): Promise<void>;
}

/** The servers that all test files of one run share. */
interface SharedServers {
  readonly postgres: PostgresServer;
  readonly temporal: SharedTemporal;
  /** The path of the workflow code. Default: each worker bundles it at its start. */
  readonly workflowBundle?: string | undefined;
}

export interface ServiceOptions {
  /** Default: the servers that the vitest setup has started. Required outside vitest. */
  readonly servers?: SharedServers;
  /** host:port of a Temporal server to use instead of the shared one. */
  readonly temporalAddress?: string;
  readonly logLevel?: Configuration['logLevel'];
  /** Starts the API with this environment, instead of in the process of the test. */
  readonly startApi?: (env: NodeJS.ProcessEnv) => Promise<{ readonly url: string; close(): Promise<void> }>;
  /** Whether calendars are synchronized. Default: no, so that a test's faults hit the calls that it makes. */
  readonly calendarSync?: boolean;
  /** More settings of the simulated vendors. */
  readonly google?: SandboxOptions['google'];
  readonly microsoft?: SandboxOptions['microsoft'];
  readonly zoom?: SandboxOptions['zoom'];
  /** More settings of API and workers. */
  readonly env?: NodeJS.ProcessEnv;
}

const injectedServers = (): SharedServers => ({
  postgres: inject('postgres'),
  temporal: { address: inject('temporalAddress'), namespace: inject('temporalNamespace') },
  workflowBundle: inject('workflowCode').encrypted.codePath,
});

/** Starts the service without a worker. Call `startWorker` for each worker, and `close` after the tests. */
export const startService = async (options: ServiceOptions = {}): Promise<ServiceUnderTest> => {
  const servers = options.servers ?? injectedServers();
  const apiPort = await findFreePort();
  const [sandbox, mailServer] = await Promise.all([
    startSandbox({
      google: { userRequestsPerMinute: 0, projectRequestsPerMinute: 0, ...options.google },
      microsoft: { mailboxRequestsPerTenMinutes: 0, ...options.microsoft },
      zoom: {
        dailyLimit: 0,
        requestsPerSecond: 0,
        webhookUrl: `http://127.0.0.1:${apiPort}/v1/webhooks/zoom`,
        ...options.zoom,
      },
    }),
    startMailServerProcess(),
  ]);
  const suffix = `-${randomBytes(6).toString('hex')}`;
  const storageDirectory = await mkdtemp(join(tmpdir(), 'recordings-'));
  const masterKeys = `e2e:${randomBytes(32).toString('base64')}`;
  const database = await createTestDatabase(
    createKeyRing(loadConfiguration(fixedPart(masterKeys)).masterKeys),
    servers.postgres,
  );
  const env = {
    ...fixedPart(masterKeys),
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: options.temporalAddress ?? servers.temporal.address,
    TEMPORAL_NAMESPACE: servers.temporal.namespace,
    CASTMATCH_TASK_QUEUE_SUFFIX: suffix,
    ...(servers.workflowBundle && { WORKFLOW_BUNDLE: servers.workflowBundle }),
    PORT: String(apiPort),
    PUBLIC_URL: `http://127.0.0.1:${apiPort}`,
    GOOGLE_API_URL: sandbox.url,
    GOOGLE_OAUTH_URL: sandbox.url,
    GOOGLE_AUTH_URL: sandbox.url,
    MICROSOFT_GRAPH_URL: sandbox.url,
    MICROSOFT_LOGIN_URL: sandbox.url,
    APPLE_CALDAV_URL: sandbox.url,
    ZOOM_API_URL: `${sandbox.url}/v2`,
    ZOOM_OAUTH_URL: sandbox.url,
    // No limits, as in the sandbox: a test file creates more meetings than Zoom allows per day, and all its auditions
    // share two calendars, for each of which Google allows 600 requests per minute.
    ZOOM_DAILY_MEETING_WRITES: '0',
    ZOOM_HOST_USER: zoomHosts.join(','),
    GOOGLE_REQUESTS_PER_MINUTE: '0',
    TWILIO_API_URL: sandbox.url,
    SMTP_URL: mailServer.smtpUrl,
    MAIL_JOURNAL_URL: mailServer.apiUrl,
    CALENDAR_POLL_MINUTES: options.calendarSync ? '15' : '0',
    STORAGE_DIRECTORY: storageDirectory,
    LOG_LEVEL: options.logLevel ?? 'warn',
    ...options.env,
  };
  const printed: string[] = [];
  const configuration = loadConfiguration(env);
  await seed(database);
  const connection = await Connection.connect(temporalConnectionOptions(configuration.temporal));
  const temporal = new Client({
    connection,
    ...temporalClientOptions(configuration, database.repositories.vault),
  });
  const logger = createLogger({ level: configuration.logLevel, process: 'api' }, linesInto(printed));
  const api = options.startApi
    ? await options.startApi(env)
    : await startApi({ configuration, logger, host: '127.0.0.1' });
  const workers = new Set<WorkerProcess>();

  return {
    url: api.url,
    sandbox,
    mailServer,
    database,
    temporal,
    configuration,
    env,
    taskQueue: `castmatch${suffix}`,
    printed: () => printed.join(''),
    async startWorker(other) {
      const program = other?.program ?? workersMain;
      const worker = await startWorkerProcess(program, { ...env, ...other?.env }, (text) =>
        printed.push(text),
      );
      workers.add(worker);
      return worker;
    },
    async close() {
      await Promise.all([...workers].map((worker) => worker.kill()));
      await api.close();
      await connection.close();
      await Promise.all([
        sandbox.close(),
        mailServer.close(),
        database.drop(),
        rm(storageDirectory, { recursive: true, force: true }),
      ]);
    },
  };
};

/** More than the auditions of a test that overlap: each host has one meeting at a time. */
export const zoomHosts: readonly string[] = Array.from(
  { length: 40 },
  (_, index) => `host-${index + 1}@castmatch.example`,
);

const workersMain = fileURLToPath(new URL('../../workers/main.ts', import.meta.url));

const linesInto = (lines: string[]): Writable =>
  new Writable({
    write(line, _encoding, done) {
      lines.push(String(line));
      done();
    },
  });

const fixedPart = (masterKeys: string) => ({
  CASTMATCH_ENV: 'test',
  CASTMATCH_MASTER_KEYS: masterKeys,
  DATABASE_URL: 'postgres://unused',
});

const seed = async ({ repositories }: TestDatabase): Promise<void> => {
  const { organizations, apiKeys, connections } = repositories;
  for (const id of [organization, otherOrganization]) {
    await organizations.put({
      id,
      name: id,
      meetingProviders: ['zoom', 'google_meet'],
      meetCalendar: { connection: 'conn_office', calendarId: 'primary' },
    });
  }
  await apiKeys.put({ secret: keys.backend, role: 'backend', organization, label: 'backend' });
  await apiKeys.put({ secret: keys.operator, role: 'operator', organization, label: 'operator' });
  await apiKeys.put({
    secret: keys.stranger,
    role: 'admin',
    organization: otherOrganization,
    label: 'stranger',
  });
  for (const [id, account] of connectionEntries) {
    const refreshToken = `sandbox-refresh-${account}`;
    await connections.put({ id, account, organization, provider: 'google', refreshToken });
  }
};

const connectionEntries: readonly (readonly [ConnectionId, string])[] = [
  ['conn_office', sandboxAccounts.conn_office],
  ['conn_director', sandboxAccounts.conn_director],
  ['conn_performer', sandboxAccounts.conn_performer],
];
