/** Stores the vendors' state in one JSON file and restores it at the next start. */
import { readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A part of the state, stored under its own name. */
export interface SnapshotPart {
  readonly name: string;
  /** Returns a JSON value. */
  readonly save: () => unknown;
  /**
   * Restores a value of `save`.
   *
   * @throws {z.ZodError} when the value is invalid.
   */
  readonly load: (value: unknown) => void;
}

export interface Snapshot {
  /**
   * Restores the parts from the file, if it exists.
   *
   * @throws {Error} naming the file when it cannot be read.
   */
  restore(): void;
  /** Schedules a write. Several changes result in one write. */
  changed(): void;
  /** Writes pending changes. */
  close(): Promise<void>;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const readJson = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
};

const minimumPauseMs = 200;
/**
 * The pause is at least this multiple of the last write's duration, so that writing takes at most a tenth of
 * the time.
 */
const pausePerWrite = 10;

/** Creates a snapshot of the parts in the file. Neither reads nor writes the file yet. */
export const createSnapshot = (file: string, parts: readonly SnapshotPart[]): Snapshot => {
  let timer: NodeJS.Timeout | undefined;
  let dirty = false;
  let pauseMs = minimumPauseMs;
  let writing = Promise.resolve();

  const write = async () => {
    if (!dirty) return;
    dirty = false;
    const began = performance.now();
    const text = JSON.stringify(Object.fromEntries(parts.map((part) => [part.name, part.save()])));
    pauseMs = Math.max(minimumPauseMs, pausePerWrite * (performance.now() - began));
    await mkdir(dirname(file), { recursive: true });
    // Renaming is atomic: if the process is killed, the previous file stays intact.
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  };
  const save = () => {
    timer = undefined;
    writing = writing.then(write);
    writing.catch((error: unknown) => {
      process.emitWarning(`sandbox data file not written: ${file}: ${String(error)}`);
      writing = Promise.resolve();
    });
  };

  return {
    restore() {
      try {
        const content = readJson(file);
        if (content === undefined) return;
        if (!isRecord(content)) throw new Error('the file does not contain a JSON object');
        for (const part of parts) if (part.name in content) part.load(content[part.name]);
      } catch (error) {
        throw new Error(
          `The sandbox cannot read its data file ${file}. Move the file away to start with empty vendors.`,
          {
            cause: error,
          },
        );
      }
    },
    changed() {
      dirty = true;
      timer ??= setTimeout(save, pauseMs).unref();
    },
    async close() {
      clearTimeout(timer);
      await writing;
      await write();
    },
  };
};
