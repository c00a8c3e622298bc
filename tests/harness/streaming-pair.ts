/** A PostgreSQL primary with a standby that follows it by streaming replication, behind one address. */
import { randomBytes } from 'node:crypto';
import { chown, cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { findPostgresHome, type PostgresHome } from '../../infra/stack/postgres/binaries.ts';
import { createCluster, isPostgresReady, type Login } from '../../infra/stack/postgres/cluster.ts';
import { eventually } from './eventually.ts';
import { findFreePort } from './free-port.ts';
import { createKillableProcess, type KillableProcess } from './killable-process.ts';
import { createTemplate, execute, type PostgresServer } from './postgres-server.ts';
import { startSwitchingProxy } from './switching-proxy.ts';

export interface StreamingPair extends PostgresServer {
  /** Kills the primary. Its clients lose their connections, and new ones are refused. */
  killPrimary(): Promise<void>;
  /**
   * Makes the transactions that begin from now on at the primary read-only, and waits until the standby has all others.
   * Connections stay open.
   */
  makePrimaryReadOnly(): Promise<void>;
  /** Leads new connections to the standby. */
  leadToStandby(): void;
  /**
   * Returns the service's connections to the first primary: name, database, state, age and text of the last query. Without those
   * whose commit waits for a standby: the server does not notice then that its client has gone.
   */
  clientsOfPrimary(): Promise<readonly string[]>;
  /** Makes the standby a primary. */
  promoteStandby(): Promise<void>;
  close(): Promise<void>;
}

/** A commit is answered when the standby has it too, so that no failover loses it. `fsync` only protects against a crash of the machine. */
const settings = [
  'fsync=off',
  'max_connections=200',
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
].flatMap((setting) => ['-c', setting]);

const server = async (name: string, home: PostgresHome, dataFolder: string, login: Login) => {
  const port = await findFreePort();
  const url = `postgres://${login.user}:${login.password}@127.0.0.1:${port}/postgres`;
  const process = createKillableProcess({
    name,
    command: home.postgres,
    arguments: ['-D', dataFolder, '-p', String(port), ...settings],
    options: { ...home.runAs, cwd: '/' },
    isReady: () => isPostgresReady(url),
  });
  return { port, url, process };
};

/** Copies the folder of a server that does not run, with the owner that PostgreSQL requires. */
const copyCluster = async (home: PostgresHome, target: string): Promise<void> => {
  await cp(home.dataFolder, target, { recursive: true });
  if (!home.runAs) return;
  const { uid, gid } = home.runAs;
  await chown(target, uid, gid);
  for (const entry of await readdir(target, { recursive: true })) await chown(join(target, entry), uid, gid);
};

const queryRows = async (url: string, text: string): Promise<readonly Record<string, unknown>[]> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
};

const isStreaming = async (url: string): Promise<boolean> =>
  (await queryRows(url, `SELECT FROM pg_stat_replication WHERE state = 'streaming'`)).length === 1;

const isCaughtUp = async (url: string): Promise<boolean> =>
  (await queryRows(url, 'SELECT FROM pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn()')).length ===
  1;

/** Starts both servers and the proxy, which leads to the primary, and creates a migrated template. */
export const startStreamingPair = async (): Promise<StreamingPair> => {
  const folder = join(tmpdir(), `castmatch-pair-${randomBytes(6).toString('hex')}`);
  await mkdir(folder, { mode: 0o755 });
  const home = await findPostgresHome(join(folder, 'primary'));
  const login = { user: 'castmatch', password: randomBytes(12).toString('hex') };
  await createCluster(home, login);
  const copy = join(dirname(home.dataFolder), 'standby');
  const primary = await server('primary', home, home.dataFolder, login);
  const standby = await server('standby', home, copy, login);
  await writeFile(join(home.dataFolder, 'standby.signal'), '');
  await writeFile(
    join(home.dataFolder, 'postgresql.auto.conf'),
    `primary_conninfo = 'host=127.0.0.1 port=${primary.port} user=${login.user} password=${login.password}'\n`,
  );
  await copyCluster(home, copy);
  await rm(join(home.dataFolder, 'standby.signal'));
  await startBoth(primary, standby);
  const front = await startSwitchingProxy(primary.port);
  const url = `postgres://${login.user}:${login.password}@127.0.0.1:${front.port}/postgres`;
  return {
    url,
    template: await createTemplate(url),
    killPrimary: () => primary.process.kill(),
    async makePrimaryReadOnly() {
      await execute(primary.url, 'ALTER SYSTEM SET default_transaction_read_only = on');
      await execute(primary.url, 'SELECT pg_reload_conf()');
      const isReadOnly = async () =>
        (await queryRows(primary.url, 'SHOW default_transaction_read_only'))[0]?.[
          'default_transaction_read_only'
        ] === 'on';
      await eventually(isReadOnly, 10_000);
      await eventually(() => isCaughtUp(primary.url), 30_000);
    },
    async clientsOfPrimary() {
      const rows = await queryRows(
        primary.url,
        `SELECT concat_ws(' ', application_name, datname, state, now() - query_start, query) AS client
           FROM pg_stat_activity
          WHERE application_name LIKE 'castmatch-%' AND wait_event IS DISTINCT FROM 'SyncRep'`,
      );
      return rows.map(({ client }) => String(client));
    },
    leadToStandby: () => front.leadTo(standby.port),
    promoteStandby: () => execute(standby.url, 'SELECT pg_promote(true, 60)'),
    async close() {
      await front.close();
      await Promise.all([primary.process.kill(), standby.process.kill()]);
      await rm(dirname(home.dataFolder), { recursive: true, force: true });
      await rm(folder, { recursive: true, force: true });
    },
  };
};

const startBoth = async (
  primary: { readonly url: string; readonly process: KillableProcess },
  standby: { readonly process: KillableProcess },
): Promise<void> => {
  await primary.process.start();
  await standby.process.start();
  await eventually(() => isStreaming(primary.url), 30_000);
  await execute(primary.url, `ALTER SYSTEM SET synchronous_standby_names = '*'`);
  await execute(primary.url, 'SELECT pg_reload_conf()');
};
