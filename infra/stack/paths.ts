/** Where the checkout is, and its two git-ignored folders: what can be fetched again, and what cannot. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

export const projectPath = (...parts: readonly string[]): string => resolve(root, ...parts);

/** Executables that were fetched or built. Safe to delete: the next start gets them again. */
export const cachePath = (...parts: readonly string[]): string => projectPath('.cache', ...parts);

/** Databases, mail and logs of the local stack. */
export const dataPath = (...parts: readonly string[]): string => projectPath('.data', ...parts);

export const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
