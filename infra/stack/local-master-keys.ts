/** Stores the master keys of the local stack between two starts. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Returns the master keys in the format of CASTMATCH_MASTER_KEYS. Creates them once per data folder, so that
 * encrypted data stays readable.
 */
export const localMasterKeys = async (dataFolder: string): Promise<string> => {
  await mkdir(dataFolder, { recursive: true });
  const file = join(dataFolder, 'master-keys');
  const fresh = `local-1:${randomBytes(32).toString('base64')}`;
  // `wx` fails when the file exists, so that a key in use is never overwritten.
  await writeFile(file, `${fresh}\n`, { mode: 0o600, flag: 'wx' }).catch(() => {});
  return (await readFile(file, 'utf8')).trim();
};
