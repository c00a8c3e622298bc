/** Creates, repairs and deletes the database cluster on disk. */
import { chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { Client } from 'pg';
import { exists } from '../paths.ts';
import { isAlive } from '../processes.ts';
import { findPostgresHome, type PostgresHome } from './binaries.ts';

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** Runs `initdb`, unless the data folder contains a cluster. */
export const createCluster = async (home: PostgresHome, login: Login): Promise<void> => {
  if (await exists(join(home.dataFolder, 'PG_VERSION'))) return;
  // Removes an incomplete cluster of a process that was killed.
  await rm(home.dataFolder, { recursive: true, force: true });
  await mkdir(home.dataFolder, { recursive: true, mode: 0o700 });
  const passwordFile = join(home.dataFolder, '..', `.password-${process.pid}`);
  await writeFile(passwordFile, login.password, { mode: 0o600 });
  const { runAs } = home;
  if (runAs) {
    await chown(home.dataFolder, runAs.uid, runAs.gid);
    await chown(passwordFile, runAs.uid, runAs.gid);
  }
  try {
    await execa(
      home.initdb,
      [
        `--pgdata=${home.dataFolder}`,
        `--username=${login.user}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--no-instructions',
      ],
      { ...runAs, cwd: '/' },
    );
  } catch (error) {
    await rm(home.dataFolder, { recursive: true, force: true });
    throw error;
  } finally {
    await rm(passwordFile, { force: true });
  }
};

/**
 * Removes a pid file whose process is not a PostgreSQL of this folder. PostgreSQL itself only checks whether
 * the pid exists. In a container, the pid of a killed server is soon reused by another process.
 */
export const removeStalePidFile = async (dataFolder: string): Promise<void> => {
  const file = join(dataFolder, 'postmaster.pid');
  const [pid] = (await readFile(file, 'utf8').catch(() => '')).split('\n');
  if (!pid) return;
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  const isPostgresOfFolder =
    commandLine === undefined ? isAlive(Number(pid)) : commandLine.includes(dataFolder);
  if (!isPostgresOfFolder) await rm(file, { force: true });
};

/** Deletes the cluster, including one in the temporary folder. */
export const deleteCluster = async (dataFolder: string): Promise<void> => {
  const home = await findPostgresHome(dataFolder);
  await rm(home.dataFolder, { recursive: true, force: true });
};

/** Returns whether the server accepts connections. Never throws. */
export const isPostgresReady = async (url: string): Promise<boolean> => {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
};

/**
 * Creates the database, if it does not exist.
 *
 * @param url the address of any existing database of the server.
 */
export const createDatabase = async (url: string, database: string): Promise<void> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`);
  } finally {
    await client.end();
  }
};
