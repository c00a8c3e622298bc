/** Starts the programs of CalDAV servers that are installed on this machine. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { execa } from 'execa';
import { caldavUser } from './caldav-user.ts';
import { eventually } from './eventually.ts';
import { findFreePort } from './free-port.ts';

export interface RunningProgram {
  readonly url: string;
  /** The path in which calendars are created. */
  readonly home: string;
  readonly close: () => Promise<void>;
}

/** A program that can be started with one user and no events. */
export interface CaldavProgram {
  isInstalled(): boolean;
  start(): Promise<RunningProgram>;
}

interface Started {
  readonly name: string;
  readonly home: string;
  /** Prepares the folder, and returns the command that starts the server in it, with its arguments. */
  readonly commandIn: (folder: string, port: number) => Promise<readonly [string, ...string[]]>;
  /** Runs when the server answers. */
  readonly whenUp?: () => Promise<void>;
  /** The server has processes of its own. It ends them, and all others of its process group, after SIGTERM. */
  readonly hasProcesses?: boolean;
}

/** Starts a server in a folder of its own, which is deleted at its end. */
export const startProgram = async ({
  name,
  home,
  commandIn,
  whenUp,
  hasProcesses = false,
}: Started): Promise<RunningProgram> => {
  const folder = await mkdtemp(join(tmpdir(), `castmatch-${name}-`));
  const port = await findFreePort();
  const [command, ...rest] = await commandIn(folder, port);
  const child = execa(command, rest, { reject: false, detached: hasProcesses });
  const end = () => child.kill(hasProcesses ? 'SIGTERM' : 'SIGKILL');
  // A detached process outlives this one otherwise.
  process.once('exit', end);
  const url = `http://127.0.0.1:${port}`;
  const isUp = () =>
    fetch(url).then(
      () => true,
      () => false,
    );
  await eventually(isUp, 20_000);
  await whenUp?.();
  return {
    url,
    home,
    close: async () => {
      end();
      process.off('exit', end);
      await child;
      await rm(folder, { recursive: true, force: true });
    },
  };
};

const python = env['CALDAV_PYTHON'] ?? 'python3';
const goServer = env['CALDAV_GO_SERVER'] ?? '';

const hasPythonModule = (module: string) => (): boolean =>
  spawnSync(python, ['-c', `import ${module}`]).status === 0;

export const radicale: CaldavProgram = {
  isInstalled: hasPythonModule('radicale'),
  start: () =>
    startProgram({
      name: 'radicale',
      home: `/${caldavUser.username}/`,
      commandIn: async (folder, port) => {
        const users = join(folder, 'users');
        await writeFile(users, `${caldavUser.username}:${caldavUser.password}\n`);
        const options = {
          'server-hosts': `127.0.0.1:${port}`,
          'auth-type': 'htpasswd',
          'auth-htpasswd-filename': users,
          'auth-htpasswd-encryption': 'plain',
          // Answers a wrong password without delay.
          'auth-delay': '0',
          'storage-filesystem-folder': join(folder, 'collections'),
        };
        const named = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
        return [python, '-m', 'radicale', ...named];
      },
    }),
};

/** Has no passwords: it accepts every user. */
export const xandikos: CaldavProgram = {
  isInstalled: hasPythonModule('xandikos'),
  start: () =>
    startProgram({
      name: 'xandikos',
      home: '/ann/calendars/',
      commandIn: async (folder, port) => {
        const address = ['--listen-address', '127.0.0.1', '--port', String(port)];
        const data = ['--directory', join(folder, 'dav'), '--autocreate', '--defaults'];
        const user = ['--current-user-principal', '/ann'];
        return [python, '-m', 'xandikos', 'serve', ...address, ...data, ...user];
      },
    }),
};

/** Has neither `sync-collection` nor a CTag, and writes events again in its own form. */
export const goWebdav: CaldavProgram = {
  isInstalled: () => goServer !== '' && existsSync(goServer),
  start: () =>
    startProgram({
      name: 'go-webdav',
      home: '/ann/calendars/',
      commandIn: async (_folder, port) => [
        goServer,
        `127.0.0.1:${port}`,
        caldavUser.username,
        caldavUser.password,
      ],
    }),
};
