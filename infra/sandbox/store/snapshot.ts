/** Keeps the vendors' state in one JSON file, so that a restart finds it again. */
import { readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A part of the state that is kept under its own name. */
export interface SnapshotPart {
  readonly name: string;
  /** A value that survives JSON. */
  readonly save: () => unknown;
  /** Takes back what `save` gave; throws when it does not fit. */
  readonly load: (value: unknown) => void;
}

export interface Snapshot {
  /** Fills the parts from the file, if there is one. Throws an error that names the file when it cannot be read. */
  restore(): void;
  /** Writes soon; many changes become one write. */
  changed(): void;
  /** Writes now what is not written yet. */
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

const leastPauseMs = 200;
/** Saving takes at most about a tenth of the time, however large the state has become. */
const pausePerSave = 10;

export const createSnapshot = (file: string, parts: readonly SnapshotPart[]): Snapshot => {
  let timer: NodeJS.Timeout | undefined;
  let dirty = false;
  let pauseMs = leastPauseMs;
  let writing = Promise.resolve();

  const write = async () => {
    if (!dirty) return;
    dirty = false;
    const began = performance.now();
    const text = JSON.stringify(Object.fromEntries(parts.map((part) => [part.name, part.save()])));
    pauseMs = Math.max(leastPauseMs, pausePerSave * (performance.now() - began));
    await mkdir(dirname(file), { recursive: true });
    // Renaming is atomic: a process killed meanwhile leaves the older file whole.
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  };
  const save = () => {
    timer = undefined;
    writing = writing.then(write);
    writing.catch((error: unknown) => {
      process.emitWarning(`the sandbox could not write ${file}: ${String(error)}`);
      writing = Promise.resolve();
    });
  };

  return {
    restore() {
      try {
        const content = readJson(file);
        if (content === undefined) return;
        if (!isRecord(content)) throw new Error('it holds no JSON object');
        for (const part of parts) if (part.name in content) part.load(content[part.name]);
      } catch (error) {
        throw new Error(`The sandbox cannot read its data file ${file}; move it away to start empty.`, {
          cause: error,
        });
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
