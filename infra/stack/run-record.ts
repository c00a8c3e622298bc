/**
 * Records the processes of a running stack in its data folder. The record prevents a second stack on the
 * folder. After a SIGKILL, the next start ends the remaining processes.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { withLock } from './lock.ts';
import { isAlive, pollUntil, signalGroup, startedAt } from './processes.ts';

const processSchema = z.object({ name: z.string(), pid: z.int().positive(), startedAt: z.string() });
const recordSchema = z.object({
  stack: processSchema,
  children: z.array(processSchema),
  addresses: z.record(z.string(), z.string()),
});
type Recorded = z.infer<typeof recordSchema>;
type RecordedProcess = z.infer<typeof processSchema>;

/** Another stack is running on the data folder. */
export class AlreadyRunning extends Error {
  override readonly name = 'AlreadyRunning';

  constructor(folder: string, { stack, addresses }: Recorded) {
    const where = Object.entries(addresses).map(([name, address]) => `  ${name}: ${address}`);
    super(
      [
        `A stack is already running on ${folder} (process ${stack.pid}). Use it, or stop it with Ctrl-C first.`,
        ...where,
      ].join('\n'),
    );
  }
}

export interface RunRecord {
  /** The names of the processes of an earlier run that were still running and are now ended. */
  readonly cleanedUp: readonly string[];
  addChild(name: string, pid: number): Promise<void>;
  setAddresses(addresses: Readonly<Record<string, string>>): Promise<void>;
  release(): Promise<void>;
}

/**
 * Claims the data folder for this process and ends the remaining processes of an earlier run.
 *
 * @throws {AlreadyRunning} with the addresses of the running stack.
 */
export const claimRun = async (folder: string): Promise<RunRecord> => {
  await mkdir(folder, { recursive: true });
  const file = recordPath(folder);
  return withLock(
    join(folder, 'stack.lock'),
    () => {},
    async () => {
      const earlier = await readRecord(file);
      if (earlier && (await isSame(earlier.stack))) throw new AlreadyRunning(folder, earlier);
      const cleanedUp = earlier ? await endRemainingProcesses(earlier.children) : [];
      return openRecord(file, cleanedUp);
    },
  );
};

/** Returns whether a stack runs on the data folder and has started all its parts. */
export const isStackRunning = async (folder: string): Promise<boolean> => {
  const recorded = await readRecord(recordPath(folder));
  if (!recorded || Object.keys(recorded.addresses).length === 0) return false;
  return isSame(recorded.stack);
};

const recordPath = (folder: string): string => join(folder, 'stack.json');

const openRecord = async (file: string, cleanedUp: readonly string[]): Promise<RunRecord> => {
  const stack = { name: 'stack', pid: process.pid, startedAt: (await startedAt(process.pid)) ?? '' };
  let record: Recorded = { stack, children: [], addresses: {} };
  let writing = Promise.resolve();
  const write = (change: Partial<Recorded>): Promise<void> => {
    record = { ...record, ...change };
    const text = `${JSON.stringify(record, undefined, 2)}\n`;
    const previous = writing;
    const next = async (): Promise<void> => {
      await previous;
      await writeFile(`${file}.new`, text);
      await rename(`${file}.new`, file);
    };
    writing = next();
    return writing;
  };
  await write({});
  return {
    cleanedUp,
    async addChild(name, pid) {
      const began = await startedAt(pid);
      if (began !== undefined) {
        await write({ children: [...record.children, { name, pid, startedAt: began }] });
      }
    },
    setAddresses: (addresses) => write({ addresses }),
    async release() {
      await writing;
      await rm(file, { force: true });
    },
  };
};

const readRecord = async (file: string): Promise<Recorded | undefined> => {
  const text = await readFile(file, 'utf8').catch(() => '');
  const parsed = recordSchema.safeParse(safeJson(text));
  return parsed.success ? parsed.data : undefined;
};

const safeJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const isSame = async ({ pid, startedAt: began }: RecordedProcess): Promise<boolean> =>
  isAlive(pid) && (await startedAt(pid)) === began;

/** Ends the children and their descendants. Each child leads its own process group. */
const endRemainingProcesses = async (children: readonly RecordedProcess[]): Promise<readonly string[]> => {
  const ended: string[] = [];
  for (const child of children.toReversed()) {
    if (!(await isSame(child))) continue;
    process.kill(child.pid, 'SIGTERM');
    if (!(await pollUntil(async () => !(await isSame(child)), 5_000))) signalGroup(child.pid, 'SIGKILL');
    ended.push(child.name);
  }
  return ended;
};
