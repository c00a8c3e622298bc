/**
 * Transfers one file from a provider into the storage, without ever holding more than two blocks of it. An attempt
 * continues after the bytes that earlier attempts have stored.
 */
import { createHash } from 'node:crypto';
import { ProviderError } from '../../domain/errors.ts';
import { meetingVendors } from '../../domain/providers/vendors.ts';
import type {
  CallContext,
  FileStorage,
  FileUpload,
  HostAccount,
  RecordedFile,
  RecordingProvider,
} from '../../providers/ports.ts';
import type { StoredFileResult } from '../contract.ts';
import { createBufferCollection } from './buffer-collection.ts';

export interface Transfer {
  readonly provider: RecordingProvider;
  readonly host: HostAccount;
  readonly storage: FileStorage;
  readonly file: RecordedFile;
  /** In bytes, as the provider has listed it. */
  readonly size: number | undefined;
  readonly storageKey: string;
  readonly call: CallContext;
  /** Called after each chunk. `stored`: how many bytes an attempt would not repeat. */
  readonly onProgress: (stored: number) => void;
}

/**
 * Transfers the file and returns its size and checksum. Idempotent: a file that is stored is only read back.
 *
 * The checksum is computed from the bytes as they pass. Node cannot store the state of a hash, so an attempt that continues
 * an earlier one reads the stored file back instead (decision 0051).
 *
 * @throws {ProviderError} of the provider or the storage. A retry continues.
 */
export const transferFile = async (transfer: Transfer): Promise<StoredFileResult> => {
  const { storage, storageKey, size, call } = transfer;
  const existing = await storage.find(storageKey, call);
  if (existing !== undefined) {
    if (size === undefined || existing === size) return readBack(transfer, existing);
    await storage.remove(storageKey, call);
  }
  const upload = await storage.upload(storageKey, size, call);
  const hash = upload.offset === 0 ? createHash('sha256') : undefined;
  let written: number;
  try {
    written = await fill(transfer, upload, (bytes) => void hash?.update(bytes));
    await upload.complete();
  } catch (error) {
    await upload.suspend();
    throw error;
  }
  return hash ? { storageKey, size: written, sha256: hash.digest('hex') } : readBack(transfer, written);
};

/** Appends the missing bytes. Returns the size of the file. */
const fill = async (
  { provider, host, file, storage, storageKey, size: listedSize, call, onProgress }: Transfer,
  upload: FileUpload,
  onBytes: (bytes: Uint8Array) => void,
): Promise<number> => {
  const { offset } = upload;
  if (offset > 0 && offset === listedSize) return offset;
  if (listedSize !== undefined && offset > listedSize) {
    await upload.suspend();
    await storage.remove(storageKey, call);
    throw transferFailure(provider, 'more bytes were stored than the file has; they are discarded');
  }
  const download = await provider.download(host, file, offset, call);
  const size = download.size ?? listedSize;
  if (listedSize !== undefined && size !== listedSize)
    throw transferFailure(provider, `the file has ${size} bytes, and was listed with ${listedSize}`);
  if (download.offset > offset)
    throw transferFailure(provider, 'the download begins after the bytes that are stored');
  // A server that does not support ranges sends the file from its beginning.
  let skipped = offset - download.offset;
  let position = offset;
  const collect = createBufferCollection();
  for await (const chunk of download.body) {
    call.signal.throwIfAborted();
    const taken = Math.min(skipped, chunk.length);
    skipped -= taken;
    const bytes = chunk.subarray(taken);
    if (bytes.length === 0) continue;
    position += bytes.length;
    if (size !== undefined && position > size)
      throw transferFailure(provider, `the file has more than ${size} bytes`);
    onBytes(bytes);
    await upload.write(bytes);
    collect(chunk.length);
    onProgress(upload.durable);
  }
  if (size !== undefined && position < size)
    throw transferFailure(provider, `the download has ended after ${position} of ${size} bytes`);
  return position;
};

const readBack = async (
  { provider, storage, storageKey, call, onProgress }: Transfer,
  size: number,
): Promise<StoredFileResult> => {
  const hash = createHash('sha256');
  let read = 0;
  const collect = createBufferCollection();
  for await (const bytes of await storage.read(storageKey, { start: 0 }, call)) {
    call.signal.throwIfAborted();
    hash.update(bytes);
    read += bytes.length;
    collect(bytes.length);
    onProgress(size);
  }
  if (read !== size) throw transferFailure(provider, `the stored file has ${read} bytes instead of ${size}`);
  return { storageKey, size, sha256: hash.digest('hex') };
};

/** The next attempt lists the recording again and continues. */
const transferFailure = ({ name }: RecordingProvider, message: string): ProviderError =>
  new ProviderError(
    meetingVendors[name].vendor,
    'recordings.download',
    { kind: 'retry', effect: 'none' },
    { message },
  );
