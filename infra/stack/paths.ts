/** Paths of the checkout and of its two git-ignored folders, cache and data. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** Returns a path in the checkout. */
export const projectPath = (...parts: readonly string[]): string => resolve(root, ...parts);

/**
 * Returns a path in the cache of fetched or built executables. It is safe to delete: the next start fetches
 * them again.
 */
export const cachePath = (...parts: readonly string[]): string => projectPath('.cache', ...parts);

/** Returns a path in the folder of the local stack's databases, emails and logs. */
export const dataPath = (...parts: readonly string[]): string => projectPath('.data', ...parts);

/** Returns whether the path exists. */
export const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
