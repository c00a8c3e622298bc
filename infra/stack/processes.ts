/** Inspects and signals processes that are not children of this process. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';

/** Returns whether the process exists, including processes of other users. Signal 0 sends nothing. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

/**
 * Returns the start time of a process in the system's own format, or undefined when it does not exist. Pids
 * are reused: pid and start time together identify a process.
 */
export const startedAt = async (pid: number): Promise<string | undefined> => {
  if (process.platform === 'linux') {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended. Its parent has not read its exit code yet.
    return fields[0] === 'Z' ? undefined : fields[19];
  }
  const { stdout } = await execa('ps', ['-o', 'lstart=', '-p', String(pid)], { reject: false });
  return stdout.trim() || undefined;
};

/** Sends a signal to a process group. Returns false when the group does not exist. */
export const signalGroup = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
};

/** Checks `condition` every `everyMs` until it is true. Returns false after `withinMs`. */
export const pollUntil = async (
  condition: () => boolean | Promise<boolean>,
  withinMs: number,
  everyMs = 50,
): Promise<boolean> => {
  const end = Date.now() + withinMs;
  for (;;) {
    if (await condition()) return true;
    if (Date.now() >= end) return false;
    await delay(everyMs);
  }
};
