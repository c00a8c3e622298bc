/** Puts executables into the cache, completely or not at all, and once for simultaneous callers. */
import { mkdir, rename, rm } from 'node:fs/promises';
import { withLock } from './lock.ts';
import { exists } from './paths.ts';

/** Reports the current step in one line, which replaces the previous line. */
export type Progress = (line: string) => void;

/**
 * Creates the folder `target` if it does not exist. `build` fills an empty temporary folder, which is then
 * renamed to `target`. A lock file makes other processes wait.
 */
export const buildOnce = async (
  target: string,
  progress: Progress,
  build: (folder: string) => Promise<void>,
): Promise<void> =>
  withLock(
    `${target}.lock`,
    () => progress('waiting for another process that is fetching it'),
    async () => {
      if (await exists(target)) return;
      const folder = `${target}.${process.pid}.building`;
      await mkdir(folder, { recursive: true });
      try {
        await build(folder);
        await rename(folder, target);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  );
