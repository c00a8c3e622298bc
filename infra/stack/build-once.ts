/** Getting an executable into the cache: whole or not at all, and once however many ask at the same time. */
import { mkdir, rename, rm } from 'node:fs/promises';
import { withLock } from './lock.ts';
import { exists } from './paths.ts';

/** Says what is being done, in one line that replaces the one before. */
export type Progress = (line: string) => void;

/**
 * Makes the folder `target` by calling `build` with an empty one beside it, which is then renamed into place.
 * Whoever comes while another process is building waits for that one.
 */
export const buildOnce = async (
  target: string,
  progress: Progress,
  build: (folder: string) => Promise<void>,
): Promise<void> =>
  withLock(
    `${target}.lock`,
    () => progress('another process is getting it, waiting for that'),
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
