/** Runs the real PgBouncer in front of the PostgreSQL of the tests, when it is installed (Debian: `apt install pgbouncer`). */
import { access, chown, constants, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPostgresHome } from '../../infra/stack/postgres/binaries.ts';
import { findFreePort } from './free-port.ts';
import { createKillableProcess } from './killable-process.ts';

const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];

/** Returns the path of PgBouncer. Undefined when it is not installed. */
export const findPgBouncer = async (): Promise<string | undefined> => {
  for (const folder of folders) {
    const path = join(folder, 'pgbouncer');
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
};

export type PoolMode = 'session' | 'transaction' | 'statement';

/**
 * Starts PgBouncer and returns the address of the same database through it.
 * @param settings more lines of its section `[pgbouncer]`
 */
export const startPgBouncer = async (
  program: string,
  url: string,
  mode: PoolMode,
  settings: Readonly<Record<string, string>> = {},
): Promise<{ readonly url: string; close(): Promise<void> }> => {
  const { hostname, port: serverPort, username, password } = new URL(url);
  const folder = await mkdtemp(join(tmpdir(), 'pgbouncer-'));
  const { runAs } = await findPostgresHome(join(folder, 'data'));
  const port = await findFreePort();
  const section = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    unix_socket_dir: '',
    auth_type: 'trust',
    auth_file: join(folder, 'users'),
    pool_mode: mode,
    ...settings,
  };
  const lines = [
    '[databases]',
    `* = host=${hostname} port=${serverPort}`,
    '[pgbouncer]',
    ...Object.entries(section).map(([name, value]) => `${name} = ${value}`),
  ];
  const config = join(folder, 'pgbouncer.ini');
  await writeFile(config, `${lines.join('\n')}\n`);
  await writeFile(section.auth_file, `"${username}" "${decodeURIComponent(password)}"\n`);
  if (runAs) for (const path of [folder, config, section.auth_file]) await chown(path, runAs.uid, runAs.gid);
  const pooler = createKillableProcess({
    name: 'pgbouncer',
    command: program,
    arguments: [config],
    options: { ...runAs, cwd: '/' },
    isReady: () => acceptsConnections(port),
  });
  await pooler.start();
  const pooled = new URL(url);
  pooled.host = `127.0.0.1:${port}`;
  return {
    url: pooled.href,
    close: async () => {
      await pooler.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

const acceptsConnections = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
