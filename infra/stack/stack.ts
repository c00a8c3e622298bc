/** Starts and stops the whole stack in the order of its dependencies. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { writeEnvironmentFile } from './environment-file.ts';
import { localMasterKeys } from './local-master-keys.ts';
import { localApiKeys, mayBeSeeded, seedLocalOrganization } from './local-organization.ts';
import { startInboxProcess } from './parts/inbox.ts';
import type { Address, Part, StackContext } from './parts/part.ts';
import { startPostgresProcess } from './parts/postgres.ts';
import { startSandboxProcess } from './parts/sandbox.ts';
import {
  chooseServicePorts,
  type ServicePorts,
  startApiProcess,
  startWorkerProcess,
} from './parts/service.ts';
import { startTemporalProcess } from './parts/temporal.ts';
import { projectPath } from './paths.ts';
import { createPortChooser } from './ports.ts';
import { deleteCluster } from './postgres/cluster.ts';
import type { ProgressBoard } from './progress-board.ts';
import { claimRun } from './run-record.ts';
import { createSupervisor } from './supervisor.ts';

export interface StackOptions {
  readonly dataFolder: string;
  readonly shellEnv: NodeJS.ProcessEnv;
  readonly board: ProgressBoard;
  /** Uses free ports for all parts, so that several stacks can run simultaneously. */
  readonly anyFreePort?: boolean;
  /** Deletes the data of earlier runs first. */
  readonly fresh?: boolean;
  /** Aborting it stops all parts that were started. */
  readonly signal?: AbortSignal;
}

/** The parts that run as processes. Each is stopped before the parts that it uses. */
const stopOrder = ['api', 'worker', 'inbox', 'sandbox', 'temporal', 'postgres'] as const;
type ProcessName = (typeof stopOrder)[number];

export type LocalApiKeys = typeof localApiKeys;

export interface Stack {
  readonly addresses: readonly Address[];
  /** The addresses of the web pages of parts that this stack started. */
  readonly urls: { readonly webUi?: string; readonly inbox?: string; readonly sandbox?: string };
  /** The variables of the service's programs, in addition to those of the shell. */
  readonly env: Readonly<Record<string, string>>;
  /** The API keys of the local organization, if the database has it. */
  readonly apiKeys: LocalApiKeys | undefined;
  /** Rejects with `ChildFailed` when a part ends unexpectedly. */
  readonly failure: Promise<never>;
  stopPart(name: ProcessName): Promise<void>;
  /** Restarts a stopped part with the same address and the same data. */
  startPart(name: ProcessName): Promise<void>;
  /** Stops all parts, each before the parts that it uses. */
  stop(): Promise<void>;
}

/**
 * Starts all parts and resolves when all are ready. When a part cannot start, stops the others and throws the
 * part's error.
 *
 * @throws {AlreadyRunning} when another stack runs on the same data folder.
 */
export const startStack = async (options: StackOptions): Promise<Stack> => {
  const { dataFolder, shellEnv, board, anyFreePort } = options;
  const record = await claimRun(dataFolder);
  if (record.cleanedUp.length > 0) {
    board.print(`ended remaining processes of an earlier run: ${record.cleanedUp.join(', ')}`);
  }
  if (options.fresh) await deleteData(dataFolder);
  const supervisor = createSupervisor(join(dataFolder, 'logs'), (name, pid) => record.addChild(name, pid));
  const context: StackContext = {
    dataFolder,
    shellEnv,
    choosePort: createPortChooser(anyFreePort),
    supervisor,
  };
  const stop = async (): Promise<void> => {
    await supervisor.stopAll(stopOrder);
    await record.release();
  };
  try {
    const { env, parts, apiUrl } = await unlessAborted(startParts(context, board), options.signal);
    const addresses = parts.flatMap((part) => part.addresses);
    await record.setAddresses(Object.fromEntries(addresses.map(({ name, address }) => [name, address])));
    const apiKeys = mayBeSeeded(shellEnv) ? localApiKeys : undefined;
    await writeEnvironmentFile(dataFolder, {
      ...env,
      CASTMATCH_API_URL: apiUrl,
      ...(apiKeys && { CASTMATCH_API_KEY: apiKeys.operator }),
    });
    return {
      addresses,
      urls: Object.assign({}, ...parts.map((part) => part.urls ?? {})),
      env,
      apiKeys,
      failure: supervisor.failure,
      stopPart: (name) => supervisor.stop(name),
      startPart: (name) => supervisor.startAgain(name),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};

/** Deletes all data except the run record. */
const deleteData = async (dataFolder: string): Promise<void> => {
  await deleteCluster(join(dataFolder, 'postgres'));
  for (const entry of ['temporal', 'mail', 'sandbox.json', 'master-keys', 'logs']) {
    await rm(join(dataFolder, entry), { recursive: true, force: true });
  }
};

/** Rejects when the signal aborts. The caller must then stop what the work has started. */
const unlessAborted = <Result>(work: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> => {
  if (!signal) return work;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  return Promise.race([work, aborted]);
};

const startParts = async (context: StackContext, board: ProgressBoard) => {
  const ports = await chooseServicePorts(context);
  const apiUrl = `http://127.0.0.1:${ports.api.port}`;
  // The parts start simultaneously, because the first start may have to build the Temporal CLI.
  const servers = await allOrFirstError([
    board.follow('PostgreSQL', (progress) => startPostgresProcess(context, progress)),
    board.follow('Temporal', (progress) => startTemporalProcess(context, progress, apiUrl)),
    board.follow('Provider sandbox', (progress) => startSandboxProcess(context, progress, apiUrl)),
    board.follow('Inbox', (progress) => startInboxProcess(context, progress)),
  ]);
  const env = await serviceVariables(context, ports, servers);
  const full = { ...context.shellEnv, ...env };
  await board.follow('Database', async (progress) => {
    progress('migrating');
    await execa(process.execPath, [projectPath('db/migrate.ts')], { env: full });
    if (!mayBeSeeded(context.shellEnv)) return;
    progress('adding the local organization');
    await seedLocalOrganization(full);
  });
  const service = await allOrFirstError([
    board.follow('Worker', (progress) => startWorkerProcess(context, full, ports.metrics, progress)),
    board.follow('API', (progress) => startApiProcess(context, full, ports.api, progress)),
  ]);
  return { env, apiUrl, parts: [...service.toReversed(), ...servers.toReversed()] };
};

const serviceVariables = async (
  { dataFolder, shellEnv }: StackContext,
  { api, metrics }: ServicePorts,
  servers: readonly Part[],
): Promise<Record<string, string>> => ({
  CASTMATCH_ENV: shellEnv.CASTMATCH_ENV || 'local',
  PORT: String(api.port),
  PUBLIC_URL: shellEnv.PUBLIC_URL || `http://127.0.0.1:${api.port}`,
  WORKER_METRICS_PORT: String(metrics.port),
  CASTMATCH_MASTER_KEYS: shellEnv.CASTMATCH_MASTER_KEYS || (await localMasterKeys(dataFolder)),
  ...Object.assign({}, ...servers.map(({ env }) => env)),
});

/**
 * Waits for all promises even when one fails, so that no part is still starting while the stack is stopped.
 */
const allOrFirstError = async <Result>(started: readonly Promise<Result>[]): Promise<readonly Result[]> => {
  await Promise.allSettled(started);
  return Promise.all(started);
};
