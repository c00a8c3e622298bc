/**
 * Transfers one file from a provider into the storage, without ever holding more than two blocks of it. An attempt
 * continues after the bytes that earlier attempts have stored.
 */
import { createHash } from 'node:crypto';
import { ProviderError } from '../../domain/errors.ts';
import { meetingVendors } from '../../domain/providers/vendors.ts';
import type {
  CallContext,
  FileDownload,
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
  /** The version of the file that is stored in part. Undefined: it is not known. */
  readonly earlierVersion: string | undefined;
  /** Called with the version of the file before its bytes are stored. */
  readonly onVersion: (version: string) => void;
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
  transfer: Transfer,
  upload: FileUpload,
  onBytes: (bytes: Uint8Array) => void,
): Promise<number> => {
  const { provider, host, file, size: listedSize, call, onProgress } = transfer;
  const { offset } = upload;
  if (offset > 0 && offset === listedSize) return offset;
  if (listedSize !== undefined && offset > listedSize)
    throw await startAgain(transfer, upload, 'more bytes were stored than the file has');
  const download = await provider.download(host, file, offset, call);
  let size: number | undefined;
  try {
    size = await sizeToStore(transfer, upload, download);
  } catch (error) {
    await download.discard();
    throw error;
  }
  if (download.version !== undefined) transfer.onVersion(download.version);
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
  if (skipped > 0) throw await startAgain(transfer, upload, 'more bytes were stored than the file has');
  if (size !== undefined && position < size)
    throw transferFailure(provider, `the download has ended after ${position} of ${size} bytes`);
  return position;
};

/**
 * Returns the size that the file must have in the end. A provider that processes a recording again replaces its file: the bytes
 * of another version are not continued.
 */
const sizeToStore = async (
  transfer: Transfer,
  upload: FileUpload,
  download: FileDownload,
): Promise<number | undefined> => {
  const { provider, size: listedSize, earlierVersion } = transfer;
  const { offset } = upload;
  if (offset > 0 && download.version !== undefined && download.version !== earlierVersion)
    throw await startAgain(transfer, upload, 'the provider has another version of the file');
  const size = download.size ?? listedSize;
  if (listedSize !== undefined && size !== listedSize) {
    if ((await presentSize(transfer)) !== size)
      throw transferFailure(provider, `the file has ${size} bytes, and is listed with another size`);
    if (offset > 0) throw await startAgain(transfer, upload, 'the file has another size than before');
  }
  if (download.offset > offset)
    throw transferFailure(provider, 'the download begins after the bytes that are stored');
  return size;
};

/** Returns the size of the file as the provider lists it now. */
const presentSize = async ({ provider, host, file, call }: Transfer): Promise<number | undefined> => {
  const recordings = await provider.list(host, file.meeting, call);
  return recordings
    .find(({ instance }) => instance === file.instance)
    ?.files.find(({ id }) => id === file.file)?.size;
};

/** Discards what is stored. Returns the error with which the next attempt begins with the first byte. */
const startAgain = async (
  { provider, storage, storageKey, call }: Transfer,
  upload: FileUpload,
  why: string,
): Promise<ProviderError> => {
  await upload.suspend();
  await storage.remove(storageKey, call);
  return transferFailure(provider, `${why}; the bytes that were stored are discarded`);
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
