/** Storages of recordings whose contents a test lists, with what is incomplete in them. */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import {
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { FileStorage } from '../../providers/ports.ts';
import { isAbsent } from '../../providers/storage/errors.ts';
import { createFileSystemStorage } from '../../providers/storage/file-system.ts';
import { createS3Storage } from '../../providers/storage/s3.ts';
import { callContext } from './call-context.ts';
import { startS3Server } from './s3-server.ts';

interface StorageContents {
  /** The keys of the complete files. */
  readonly files: readonly string[];
  /** The stored bytes of each incomplete file. */
  readonly incomplete: readonly number[];
}

export interface InspectedStorage {
  /** The settings of the service that stores recordings here. */
  readonly env: NodeJS.ProcessEnv;
  contents(): Promise<StorageContents>;
  /** Reads the file back and returns its checksum. */
  sha256Of(key: string): Promise<string>;
  close(): Promise<void>;
}

/** For 1 GB on a busy machine. */
const readDeadlineMs = 300_000;

const readWith =
  (storage: FileStorage) =>
  async (key: string): Promise<string> => {
    const hash = createHash('sha256');
    const call = callContext(AbortSignal.timeout(readDeadlineMs));
    for await (const bytes of await storage.read(key, { start: 0 }, call)) hash.update(bytes);
    return hash.digest('hex');
  };

/** A file that is completed in the meantime is renamed. */
const sizeIfPresent = async (path: string): Promise<number | undefined> => {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
};

/** Creates an empty directory. */
export const createInspectedDirectory = async (): Promise<InspectedStorage> => {
  const directory = await mkdtemp(join(tmpdir(), 'recordings-'));
  return {
    env: { STORAGE_DIRECTORY: directory },
    contents: async () => {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true });
      const paths = entries
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name));
      const { partial = [], complete = [] } = Object.groupBy(paths, (path) =>
        path.endsWith('.part') ? 'partial' : 'complete',
      );
      return {
        files: complete.map((path) => relative(directory, path)),
        incomplete: (await Promise.all(partial.map(sizeIfPresent))).filter((size) => size !== undefined),
      };
    },
    sha256Of: readWith(createFileSystemStorage(directory)),
    close: () => rm(directory, { recursive: true, force: true }),
  };
};

/** Starts a server with the protocol of S3 and an empty bucket. */
export const startInspectedBucket = async (): Promise<InspectedStorage> => {
  const server = await startS3Server();
  const { settings, env } = server;
  const { bucket: Bucket, region, endpoint, credentials } = settings;
  const client = new S3Client({ region, endpoint, credentials, forcePathStyle: true });
  const storage = createS3Storage(settings);
  const bytesOf = async (Key: string, UploadId: string): Promise<number> => {
    const { Parts = [] } = await client.send(new ListPartsCommand({ Bucket, Key, UploadId }));
    return Parts.reduce((sum, { Size = 0 }) => sum + Size, 0);
  };
  return {
    env,
    contents: async () => {
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
      return {
        files: Contents.flatMap(({ Key }) => Key ?? []),
        incomplete: await Promise.all(Uploads.map(({ Key = '', UploadId = '' }) => bytesOf(Key, UploadId))),
      };
    },
    sha256Of: readWith(storage),
    close: async () => {
      client.destroy();
      storage.close();
      await server.close();
    },
  };
};
