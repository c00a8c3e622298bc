/** A lock between processes: a folder that only one of them can make, with the owner's pid in it. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from './processes.ts';

/** Runs `work` while no other process does. `waiting` is called once if somebody else has it. */
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
  for (let tries = 0; ; tries += 1) {
    if (await made(lock)) {
      await writeFile(join(lock, 'pid'), String(process.pid));
      return;
    }
    // The owner writes its pid a moment after the folder: give it that moment before calling the lock abandoned.
    if (tries > 2 && !(await ownerIsAlive(lock))) await rm(lock, { recursive: true, force: true });
    if (tries === 3) waiting();
    await delay(200);
  }
};

const made = (lock: string): Promise<boolean> =>
  mkdir(lock).then(
    () => true,
    () => false,
  );

const ownerIsAlive = async (lock: string): Promise<boolean> => {
  const pid = await readFile(join(lock, 'pid'), 'utf8').catch(() => '');
  return pid !== '' && isAlive(Number(pid));
};
