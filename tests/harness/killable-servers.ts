/** PostgreSQL, Temporal and the API of one test, each as a process that the test can kill. Their data survives a kill. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { projectPath } from '../../infra/stack/paths.ts';
import { findPostgresHome } from '../../infra/stack/postgres/binaries.ts';
import { createCluster, isPostgresReady, removeStalePidFile } from '../../infra/stack/postgres/cluster.ts';
import { getTemporalCli } from '../../infra/stack/temporal-cli.ts';
import { devServerArguments, loadTemporalDev } from '../../infra/stack/temporal-dev.ts';
import { isTemporalReady, registerSearchAttributes } from '../../infra/stack/temporal-server.ts';
import { findFreePort } from './free-port.ts';
import { createKillableProcess, type KillableProcess } from './killable-process.ts';
import { createTemplate, type PostgresServer } from './postgres-server.ts';
import type { SharedTemporal } from './temporal-server.ts';

type Killable<Server> = Server & { readonly process: KillableProcess; close(): Promise<void> };

/**
 * A transaction that was committed survives the kill of the server: its log has left the server's memory. `fsync` would
 * only protect against a crash of the machine.
 */
const settings = [
  'fsync=off',
  'synchronous_commit=on',
  'max_connections=200',
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
].flatMap((setting) => ['-c', setting]);

/** Starts PostgreSQL with a migrated template. */
export const startKillablePostgres = async (): Promise<Killable<PostgresServer>> => {
  const folder = join(tmpdir(), `castmatch-chaos-${randomBytes(6).toString('hex')}`);
  await mkdir(folder, { mode: 0o755 });
  const home = await findPostgresHome(join(folder, 'data'));
  const login = { user: 'castmatch', password: randomBytes(12).toString('hex') };
  await createCluster(home, login);
  const port = await findFreePort();
  const url = `postgres://${login.user}:${login.password}@127.0.0.1:${port}/postgres`;
  const process = createKillableProcess({
    name: 'postgres',
    command: home.postgres,
    arguments: ['-D', home.dataFolder, '-p', String(port), ...settings],
    options: { ...home.runAs, cwd: '/' },
    isReady: () => isPostgresReady(url),
    prepare: () => removeStalePidFile(home.dataFolder),
  });
  await process.start();
  return {
    url,
    template: await createTemplate(url),
    process,
    close: async () => {
      await process.kill();
      await rm(dirname(home.dataFolder), { recursive: true, force: true });
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** Starts Temporal's development server with a database file. */
export const startKillableTemporal = async (): Promise<Killable<SharedTemporal>> => {
  const dev = await loadTemporalDev();
  const folder = await mkdtemp(join(tmpdir(), 'castmatch-chaos-'));
  const port = await findFreePort();
  const address = `127.0.0.1:${port}`;
  const { namespace } = dev;
  const process = createKillableProcess({
    name: 'temporal',
    command: await getTemporalCli((line) => globalThis.process.stderr.write(`${line}\n`)),
    arguments: devServerArguments(dev, { port, databaseFile: join(folder, 'temporal.db') }),
    isReady: () => isTemporalReady(address, namespace),
  });
  await process.start();
  await registerSearchAttributes({ address, namespace }, dev.searchAttributes);
  return {
    address,
    namespace,
    process,
    close: async () => {
      await process.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** Returns whether the process answers. Its readiness depends on other servers, which can be down. */
const isHealthy = (url: string): Promise<boolean> =>
  fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2_000) }).then(
    ({ ok }) => ok,
    () => false,
  );

/** Starts the API with the program of production. */
export const startKillableApi = async (
  env: NodeJS.ProcessEnv,
): Promise<Killable<{ readonly url: string }>> => {
  const url = `http://127.0.0.1:${env['PORT']}`;
  const process = createKillableProcess({
    name: 'api',
    command: globalThis.process.execPath,
    arguments: [projectPath('api/main.ts')],
    options: { env },
    isReady: () => isHealthy(url),
  });
  await process.start();
  return { url, process, close: () => process.kill() };
};

/** Returns a worker that has not started, with the program of production. */
export const createKillableWorker = async (env: NodeJS.ProcessEnv): Promise<KillableProcess> => {
  const port = await findFreePort();
  return createKillableProcess({
    name: 'worker',
    command: globalThis.process.execPath,
    arguments: [projectPath('workers/main.ts')],
    options: { env: { ...env, WORKER_METRICS_PORT: String(port) } },
    isReady: () => isHealthy(`http://127.0.0.1:${port}`),
  });
};
