/**
 * Stores files in a bucket of S3, or of a server with its protocol. A file is a multipart upload: its parts are what a
 * killed worker leaves, and the object appears when the upload is completed.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
 */
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  type Part,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import { operationOf } from '../operations.ts';
import type { CallContext, FileStorage } from '../ports.ts';
import { createBlockWriter } from './block-writer.ts';
import { s3Error } from './errors.ts';
import { namesOfKey } from './file-key.ts';
import type { S3Settings } from './settings.ts';

const find = operationOf('storage', 'files.find');
const readOperation = operationOf('storage', 'files.read');
const store = operationOf('storage', 'files.store');
const removeOperation = operationOf('storage', 'files.remove');

/**
 * A part has at least 5 MiB, and an upload at most 10,000 parts: a file can have 78 GiB.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
 */
const partSize = 8 * 1024 * 1024;

/** With one part at a time, the download waits for the server's answer to each part. The memory is one part more. */
const simultaneousParts = 2;

interface OpenUpload {
  readonly id: string;
  /** The parts that are stored, from the first one without a gap. */
  readonly parts: readonly Part[];
}

/** Creates the client. The SDK repeats a request twice at most; Temporal repeats the transfer. */
const createClient = ({ endpoint, region, usesPathStyle, credentials }: S3Settings): S3Client => {
  const client = new S3Client({
    region,
    forcePathStyle: usesPathStyle,
    maxAttempts: 3,
    ...(endpoint && { endpoint }),
    ...(credentials && { credentials }),
  });
  // The server checks the CRC-32 of each part, which is signed. A second hash of the bytes would cost as much as the transfer.
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        if (commandName === 'UploadPartCommand' && hasHeaders(args.request))
          args.request.headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
        return next(args);
      },
    { step: 'build', name: 'unsignedParts' },
  );
  return client;
};

const hasHeaders = (request: unknown): request is { headers: Record<string, string> } =>
  typeof request === 'object' &&
  request !== null &&
  'headers' in request &&
  typeof request.headers === 'object';

const translated = async <Result>(
  operation: typeof store,
  call: CallContext,
  work: () => Promise<Result>,
): Promise<Result> => {
  try {
    return await work();
  } catch (error) {
    throw s3Error(operation, error, call);
  }
};
const optionsOf = ({ signal }: CallContext) => ({ abortSignal: signal });

/** Creates the storage. */
export const createS3Storage = (settings: S3Settings): FileStorage & { close(): void } => {
  const client = createClient(settings);
  const { bucket: Bucket, encryption } = settings;

  const sizeOf = async (Key: string, call: CallContext): Promise<number | undefined> => {
    try {
      const { ContentLength } = await client.send(new HeadObjectCommand({ Bucket, Key }), optionsOf(call));
      return ContentLength ?? 0;
    } catch (error) {
      const failure = s3Error(find, error, call);
      if (failure.fault.kind === 'not_found') return undefined;
      throw failure;
    }
  };

  /** Returns the ids of the incomplete uploads of the key, the newest first. */
  const listUploads = async (Key: string, call: CallContext): Promise<readonly string[]> => {
    const { Uploads = [] } = await client.send(
      new ListMultipartUploadsCommand({ Bucket, Prefix: Key }),
      optionsOf(call),
    );
    return Uploads.filter((upload) => upload.Key === Key)
      .toSorted((a, b) => (b.Initiated?.getTime() ?? 0) - (a.Initiated?.getTime() ?? 0))
      .flatMap(({ UploadId }) => UploadId ?? []);
  };

  const listParts = async (Key: string, UploadId: string, call: CallContext): Promise<readonly Part[]> => {
    const parts: Part[] = [];
    for (let PartNumberMarker: string | undefined; ; ) {
      const page = await client.send(
        new ListPartsCommand({ Bucket, Key, UploadId, PartNumberMarker }),
        optionsOf(call),
      );
      parts.push(...(page.Parts ?? []));
      if (!page.IsTruncated || page.NextPartNumberMarker === undefined) return parts;
      PartNumberMarker = page.NextPartNumberMarker;
    }
  };

  const abort = async (Key: string, UploadId: string, call: CallContext): Promise<void> => {
    try {
      await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }), optionsOf(call));
    } catch (error) {
      if (s3Error(removeOperation, error, call).fault.kind !== 'not_found') throw error;
    }
  };

  /** Continues the upload that has most parts, and aborts the others. */
  const openUpload = async (Key: string, call: CallContext): Promise<OpenUpload> => {
    const known: OpenUpload[] = [];
    for (const id of await listUploads(Key, call))
      known.push({ id, parts: wholeParts(await listParts(Key, id, call)) });
    const [longest, ...others] = known.toSorted((a, b) => b.parts.length - a.parts.length);
    for (const { id } of others) await abort(Key, id, call);
    if (longest) return longest;
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({ Bucket, Key, ...encryptionOf(encryption) }),
      optionsOf(call),
    );
    return { id: z.string().describe('The id of the upload').parse(UploadId), parts: [] };
  };

  return {
    kind: 's3',

    find: (key, call) => translated(find, call, () => sizeOf(keyOf(key), call)),

    upload: (key, _size, call) =>
      translated(store, call, async () => {
        const Key = keyOf(key);
        const { id: UploadId, parts } = await openUpload(Key, call);
        const stored = createStoredParts(parts);
        const offset = stored.bytesWithoutGap();
        const uploadPart = async (block: Uint8Array, PartNumber: number): Promise<void> => {
          const { ETag } = await client.send(
            new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body: block }),
            optionsOf(call),
          );
          stored.add({ PartNumber, ETag, Size: block.length });
        };
        const blocks = createBlockWriter({
          blockSize: partSize,
          simultaneous: simultaneousParts,
          writeBlock: (block, index) => uploadPart(block, parts.length + index + 1),
        });
        return {
          offset,
          get durable() {
            return stored.bytesWithoutGap();
          },
          write: (chunk) => translated(store, call, () => blocks.write(chunk)),
          complete: () =>
            translated(store, call, async () => {
              await blocks.finish();
              // An upload needs a part, also for a file of 0 bytes; the last part can have any size:
              // https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
              if (stored.inOrder().length === 0) await uploadPart(new Uint8Array(), 1);
              try {
                await client.send(
                  new CompleteMultipartUploadCommand({
                    Bucket,
                    Key,
                    UploadId,
                    MultipartUpload: { Parts: stored.inOrder() },
                  }),
                  optionsOf(call),
                );
              } catch (error) {
                // An earlier request has completed the upload, and its answer was lost.
                if (s3Error(store, error, call).fault.kind !== 'not_found') throw error;
                if ((await sizeOf(Key, call)) === undefined) throw error;
              }
            }),
          suspend: () => blocks.abandon(),
        };
      }),

    read: (key, { start, end }, call) =>
      translated(readOperation, call, async () => {
        const { Body } = await client.send(
          new GetObjectCommand({ Bucket, Key: keyOf(key), ...rangeOf(start, end) }),
          optionsOf(call),
        );
        return bytesOf(z.custom<AsyncIterable<Uint8Array>>(isIterable).parse(Body), call);
      }),

    remove: (key, call) =>
      translated(removeOperation, call, async () => {
        const Key = keyOf(key);
        const uploads = await listUploads(Key, call);
        for (const id of uploads) await abort(Key, id, call);
        const size = await sizeOf(Key, call);
        if (size !== undefined) await client.send(new DeleteObjectCommand({ Bucket, Key }), optionsOf(call));
        return size === undefined && uploads.length === 0 ? 'absent' : 'deleted';
      }),

    close: () => client.destroy(),
  };
};

/** Checks that the bucket exists and that the credentials open it. */
export const createS3Check = (settings: S3Settings) => {
  const health = operationOf('storage', 'health');
  return async (): Promise<void> => {
    const client = createClient(settings);
    const call = { correlationId: 'health', signal: AbortSignal.timeout(healthDeadlineMs) };
    try {
      await client.send(new HeadBucketCommand({ Bucket: settings.bucket }), { abortSignal: call.signal });
    } catch (error) {
      const failure = s3Error(health, error, call);
      // HEAD has no error document: 404 is an unknown bucket.
      throw failure.fault.kind === 'not_found'
        ? new ProviderError('storage', health.name, { kind: 'misconfigured' }, failure.vendor)
        : failure;
    } finally {
      client.destroy();
    }
  };
};

const healthDeadlineMs = 5_000;

/** An empty file has no range: the server refuses one that begins with the first byte (416). */
const rangeOf = (start: number, end: number | undefined) =>
  start === 0 && end === undefined ? {} : { Range: `bytes=${start}-${end ?? ''}` };

const keyOf = (key: string): string => namesOfKey(key).join('/');

/** Returns the parts of the full size, from the first one without a gap. The last part of a file can be shorter. */
const wholeParts = (parts: readonly Part[]): readonly Part[] => {
  const sorted = parts.toSorted((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0));
  const end = sorted.findIndex(
    ({ PartNumber, Size }, index) => PartNumber !== index + 1 || Size !== partSize,
  );
  return end === -1 ? sorted : sorted.slice(0, end);
};

/** Collects the parts of an upload. They can be stored in another order than that of the file. */
const createStoredParts = (earlier: readonly Part[]) => {
  const parts = new Map<number, Part>();
  let withoutGap = 0;
  let bytesWithoutGap = 0;
  const add = (part: Part): void => {
    parts.set(part.PartNumber ?? 0, part);
    for (let next = parts.get(withoutGap + 1); next; next = parts.get(withoutGap + 1)) {
      withoutGap += 1;
      bytesWithoutGap += next.Size ?? 0;
    }
  };
  for (const part of earlier) add(part);
  return {
    add,
    /** The bytes before the first gap. The next attempt repeats those after it. */
    bytesWithoutGap: (): number => bytesWithoutGap,
    inOrder: (): CompletedPart[] =>
      [...parts].toSorted(([a], [b]) => a - b).map(([PartNumber, { ETag }]) => ({ PartNumber, ETag })),
  };
};

const encryptionOf = (encryption: S3Settings['encryption']) => {
  switch (encryption?.kind) {
    case undefined:
      return {};
    case 'bucket_key':
      return { ServerSideEncryption: 'AES256' as const };
    case 'kms':
      return { ServerSideEncryption: 'aws:kms' as const, SSEKMSKeyId: encryption.keyId };
  }
};

const isIterable = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && Symbol.asyncIterator in body;

async function* bytesOf(body: AsyncIterable<Uint8Array>, call: CallContext): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw s3Error(readOperation, error, call);
  }
}
