/**
 * Implements a lock between processes: a folder that only one process can create, with the pid of the owner
 * in it.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from './processes.ts';

/**
 * Runs `work` while holding the lock. Takes over the lock of a process that no longer exists.
 *
 * @param lock the path of the lock folder.
 * @param waiting called once when another process holds the lock.
 */
export const withLock = async <Result>(
  lock: string,
  waiting: () => void,
  work: () => Promise<Result>,
): Promise<Result> => {
  await acquire(lock, waiting);
  try {
    return await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
};

const acquire = async (lock: string, waiting: () => void): Promise<void> => {
  await mkdir(dirname(lock), { recursive: true });
  for (let attempts = 0; ; attempts += 1) {
    if (await createFolder(lock)) {
      await writeFile(join(lock, 'pid'), String(process.pid));
      return;
    }
    // The owner writes its pid shortly after creating the folder. Wait for that before treating the lock as abandoned.
    if (attempts > 2 && !(await ownerIsAlive(lock))) await rm(lock, { recursive: true, force: true });
    if (attempts === 3) waiting();
    await delay(200);
  }
};

const createFolder = (lock: string): Promise<boolean> =>
  mkdir(lock).then(
    () => true,
    () => false,
  );

const ownerIsAlive = async (lock: string): Promise<boolean> => {
  const pid = await readFile(join(lock, 'pid'), 'utf8').catch(() => '');
  return pid !== '' && isAlive(Number(pid));
};
