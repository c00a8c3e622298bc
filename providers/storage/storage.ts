/** Selects the storage of recordings by its settings. */
import type { FileStorage } from '../ports.ts';
import { createFileSystemCheck, createFileSystemStorage } from './file-system.ts';
import { createS3Check, createS3Storage } from './s3.ts';
import type { StorageSettings } from './settings.ts';

interface ConfiguredStorage {
  readonly storage: FileStorage;
  readonly check: () => Promise<void>;
  readonly close: () => void;
}

/** Creates the storage and its health check. Makes no call. */
export const createStorage = (settings: StorageSettings): ConfiguredStorage => {
  if (settings.kind === 'file_system') {
    const { directory } = settings;
    return {
      storage: createFileSystemStorage(directory),
      check: createFileSystemCheck(directory),
      close: () => undefined,
    };
  }
  const storage = createS3Storage(settings);
  return { storage, check: createS3Check(settings), close: () => storage.close() };
};
