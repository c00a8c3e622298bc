/** Runs the SDK's downloader and gives up quietly where the network does not answer. */
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { projectPath } from './paths.ts';

/** Without a byte for so long, nothing will come. Measured without a network: it fails by itself in 0.1 s. */
const stallTimeoutMs = 10_000;

/**
 * Puts the SDK's executable into `folder` under `name`. False when it could not be had, for whatever reason: there
 * are other ways to get it, and the last of them tells the reader what to do.
 */
export const downloadWithSdk = async (
  kind: 'dev-server' | 'time-skipping',
  folder: string,
  name: string,
): Promise<boolean> => {
  const downloads = join(folder, 'download');
  await mkdir(downloads, { recursive: true });
  const child = execa(process.execPath, [projectPath('infra/stack/sdk-download.ts'), kind, downloads], {
    reject: false,
    stdio: 'ignore',
  });
  const ended = child.then(({ exitCode }) => exitCode === 0);
  if ((await waitForEndOrStall(downloads, ended)) === 'stalled') child.kill('SIGKILL');
  const worked = await ended;
  const [file] = worked ? await readdir(downloads) : [];
  if (file !== undefined) await rename(join(downloads, file), join(folder, name));
  await rm(downloads, { recursive: true, force: true });
  return file !== undefined;
};

/** Resolves when the child has ended, or when nothing has grown for `patienceMs`. */
const waitForEndOrStall = async (folder: string, ended: Promise<boolean>): Promise<'ended' | 'stalled'> => {
  let size = 0;
  let since = Date.now();
  while (Date.now() - since < stallTimeoutMs) {
    const over = await Promise.race([ended.then(() => true), delay(500, false)]);
    if (over) return 'ended';
    const now = await bytesIn(folder);
    if (now > size) since = Date.now();
    size = now;
  }
  return 'stalled';
};

const bytesIn = async (folder: string): Promise<number> => {
  const files = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(files.map((file) => stat(join(folder, file)).catch(() => undefined)));
  return sizes.reduce((sum, file) => sum + (file?.size ?? 0), 0);
};
