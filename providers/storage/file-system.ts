/**
 * Stores files in a directory of the local file system. An incomplete file has the ending `.part`. It is renamed when it is
 * complete, so a file appears with all of its bytes or not at all.
 */
import type { ReadStream } from 'node:fs';
import { access, constants, mkdir, open, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { operationOf } from '../operations.ts';
import type { FileStorage } from '../ports.ts';
import { createBlockWriter } from './block-writer.ts';
import { fileSystemError, isAbsent, storageFull } from './errors.ts';
import { namesOfKey } from './file-key.ts';

const find = operationOf('storage', 'files.find');
const readOperation = operationOf('storage', 'files.read');
const store = operationOf('storage', 'files.store');
const removeOperation = operationOf('storage', 'files.remove');

/** Large enough that system calls cost little, and small enough that a killed worker repeats little. */
const blockSize = 2 * 1024 * 1024;
/** In bytes. */
const flushedTogether = 32 * 1024 * 1024;

const sizeOf = async (path: string): Promise<number | undefined> => {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
};

/** Creates the storage. The directory is created with the first file. */
export const createFileSystemStorage = (directory: string): FileStorage => {
  const pathOf = (key: string): string => join(directory, ...namesOfKey(key));
  const partOf = (key: string): string => `${pathOf(key)}.part`;

  /** A transfer that cannot fit is refused before it fills the disk. */
  const requireSpace = async (bytes: number): Promise<void> => {
    const { bavail, bsize } = await statfs(directory);
    if (bavail * bsize < bytes) throw storageFull(store);
  };

  return {
    kind: 'file_system',

    find: (key) => translated(find, () => sizeOf(pathOf(key))),

    upload: (key, size, call) =>
      translated(store, async () => {
        await mkdir(dirname(pathOf(key)), { recursive: true });
        const handle = await open(partOf(key), constants.O_RDWR | constants.O_CREAT, 0o600);
        const { size: offset } = await handle.stat();
        let durable = offset;
        if (size !== undefined) {
          try {
            await requireSpace(size - offset);
          } catch (error) {
            await handle.close();
            throw error;
          }
        }
        const flushing = createBackgroundFlush(() => handle.datasync());
        const blocks = createBlockWriter({
          blockSize,
          // In order: the size of the incomplete file says where the next attempt continues.
          simultaneous: 1,
          writeBlock: async (block) => {
            call.signal.throwIfAborted();
            for (let from = 0; from < block.length; ) {
              const { bytesWritten } = await handle.write(block, from, block.length - from, durable);
              from += bytesWritten;
              durable += bytesWritten;
            }
            flushing.written(block.length);
          },
        });
        return {
          offset,
          get durable() {
            return durable;
          },
          write: (chunk) => translated(store, () => blocks.write(chunk)),
          complete: () =>
            translated(store, async () => {
              await blocks.finish();
              await flushing.finish();
              await handle.datasync();
              await handle.close();
              await renameOnce(partOf(key), pathOf(key));
              await syncDirectory(dirname(pathOf(key)));
            }),
          suspend: async () => {
            await blocks.abandon();
            await flushing.finish().catch(() => undefined);
            await handle.close().catch(() => undefined);
          },
        };
      }),

    read: (key, range, call) =>
      translated(readOperation, async () => {
        // Fails here for an absent file, and not when the first byte is read.
        const handle = await open(pathOf(key), constants.O_RDONLY);
        return bytesOf(handle.createReadStream({ ...range, signal: call.signal }));
      }),

    remove: (key) =>
      translated(removeOperation, async () => {
        const before = await Promise.all([sizeOf(pathOf(key)), sizeOf(partOf(key))]);
        await Promise.all([rm(pathOf(key), { force: true }), rm(partOf(key), { force: true })]);
        return before.every((size) => size === undefined) ? 'absent' : 'deleted';
      }),
  };
};

/** Checks that the directory exists, or can be created, and can be written. */
export const createFileSystemCheck = (directory: string) => (): Promise<void> =>
  translated(operationOf('storage', 'health'), async () => {
    await mkdir(directory, { recursive: true });
    await access(directory, constants.W_OK);
  });

/**
 * Flushes what was written to the disk while more is downloaded, so that the flush at the end is short.
 */
const createBackgroundFlush = (flush: () => Promise<void>) => {
  let unflushed = 0;
  let running: Promise<void> | undefined;
  let failure: unknown;
  const run = async (): Promise<void> => {
    try {
      await flush();
      running = undefined;
    } catch (error) {
      failure = error;
    }
  };
  return {
    written(bytes: number): void {
      unflushed += bytes;
      if (running || unflushed < flushedTogether) return;
      unflushed = 0;
      running = run();
    },
    /** Waits for the running flush. @throws its error. */
    async finish(): Promise<void> {
      await running;
      if (failure !== undefined) throw failure;
    },
  };
};

/** An attempt that was overtaken finds the file under its key already. */
const renameOnce = async (from: string, to: string): Promise<void> => {
  try {
    await rename(from, to);
  } catch (error) {
    if (!isAbsent(error)) throw error;
    await stat(to);
  }
};

/** Makes the rename durable. */
const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const translated = async <Result>(
  operation: Parameters<typeof fileSystemError>[0],
  work: () => Promise<Result>,
): Promise<Result> => {
  try {
    return await work();
  } catch (error) {
    throw fileSystemError(operation, error);
  }
};

async function* bytesOf(stream: ReadStream): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    throw fileSystemError(readOperation, error);
  }
}
