/** What the local stack needs to keep between two starts besides its data. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The master keys in CASTMATCH_MASTER_KEYS' form, made once per data folder: what was encrypted under them can be
 * read as long as the folder is there.
 */
export const localMasterKeys = async (dataFolder: string): Promise<string> => {
  await mkdir(dataFolder, { recursive: true });
  const file = join(dataFolder, 'master-keys');
  const fresh = `local-1:${randomBytes(32).toString('base64')}`;
  // `wx` fails when the file is there, so that a key in use is never written over.
  await writeFile(file, `${fresh}\n`, { mode: 0o600, flag: 'wx' }).catch(() => {});
  return (await readFile(file, 'utf8')).trim();
};
