/** Ports: the storage of large files. */
import type { CallContext } from './calls.ts';

/** A file that is being written. One writer at a time. */
export interface FileUpload {
  /** How many bytes are in the storage, from earlier attempts. Writing continues after them. */
  readonly offset: number;
  /** Appends bytes. Resolves when more can be written. The chunk can be reused after that. */
  write(chunk: Uint8Array): Promise<void>;
  /** How many bytes are in the storage now, without a gap: the next attempt would continue after them. */
  readonly durable: number;
  /** Makes the file appear under its key, with all bytes. Idempotent. */
  complete(): Promise<void>;
  /** Waits for running writes and keeps what is in the storage, for the next attempt. */
  suspend(): Promise<void>;
}

/** A storage of large files. A file appears under its key when it is complete, and never changes. */
export interface FileStorage {
  readonly kind: 'file_system' | 's3';
  /** Returns the size of a complete file, in bytes. */
  find(key: string, call: CallContext): Promise<number | undefined>;
  /**
   * Begins a file, or continues where an earlier attempt has stopped.
   *
   * @param size the expected size, in bytes, when it is known.
   */
  upload(key: string, size: number | undefined, call: CallContext): Promise<FileUpload>;
  /**
   * Returns the bytes from `start` to `end`, both included.
   *
   * @throws {ProviderError} `not_found`
   */
  read(
    key: string,
    range: { readonly start: number; readonly end?: number | undefined },
    call: CallContext,
  ): Promise<AsyncIterable<Uint8Array>>;
  /** Deletes the file and all of its incomplete uploads. Idempotent. */
  remove(key: string, call: CallContext): Promise<'deleted' | 'absent'>;
}
