/** Runs the SDK's downloader in a child process and stops it when the download stalls. */
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { projectPath } from './paths.ts';

/**
 * A download without a new byte for this time has stalled. Without a network, the downloader fails in 0.1 s
 * (measured).
 */
const stallTimeoutMs = 10_000;

/**
 * Downloads the SDK's executable to `folder` under `name`. Returns false after any failure: the caller then
 * tries another source.
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
  const succeeded = await ended;
  const [file] = succeeded ? await readdir(downloads) : [];
  if (file !== undefined) await rename(join(downloads, file), join(folder, name));
  await rm(downloads, { recursive: true, force: true });
  return file !== undefined;
};

/** Resolves when the child has ended, or when the folder has not grown for `stallTimeoutMs`. */
const waitForEndOrStall = async (folder: string, ended: Promise<boolean>): Promise<'ended' | 'stalled'> => {
  let size = 0;
  let since = Date.now();
  while (Date.now() - since < stallTimeoutMs) {
    const hasEnded = await Promise.race([ended.then(() => true), delay(500, false)]);
    if (hasEnded) return 'ended';
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
