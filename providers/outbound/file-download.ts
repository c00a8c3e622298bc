/** Opens a large file of a vendor at an offset, and checks that the answer is the file. */
import type { Readable } from 'node:stream';
import type { ProviderError } from '../../domain/errors.ts';
import { parseJsonOrUndefined } from '../http/json.ts';
import type { CallContext, FileDownload } from '../ports.ts';
import type { Download, GuardedDownload } from './guarded-download.ts';

/** An answer that is not the file. */
export interface RefusedDownload {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** The error document. Undefined: the answer has none. */
  readonly body: unknown;
  /** Whether the answer is a page with the status of a success, such as the page of a sign-in. */
  readonly isPage: boolean;
}

interface FileSource {
  readonly url: URL;
  /** The access token. Undefined: the address needs none. */
  readonly token: string | undefined;
  readonly offset: number;
}

/** Turns failures into errors of the vendor. */
interface DownloadErrors {
  readonly refused: (answer: RefusedDownload) => ProviderError;
  /** A failure that left no answer, or ended it. */
  readonly broken: (error: unknown) => ProviderError;
}

/** An error document is not longer, in bytes. */
const longestError = 16_384;

/**
 * Opens the file. The token is sent to the registrable domain of the address only.
 *
 * @throws {ProviderError}
 */
export const openFile = async (
  download: GuardedDownload,
  { url, token, offset }: FileSource,
  call: CallContext,
  errors: DownloadErrors,
): Promise<FileDownload> => {
  const requestFrom = async (first: number): Promise<Download> => {
    try {
      return await download(url, {
        headers: {
          // A compressed answer would have other offsets.
          'accept-encoding': 'identity',
          'x-correlation-id': call.correlationId,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(first > 0 ? { range: `bytes=${first}-` } : {}),
        },
        signal: call.signal,
      });
    } catch (error) {
      throw errors.broken(error);
    }
  };
  const ranged = await requestFrom(offset);
  const isPastEnd = offset > 0 && ranged.status === 416;
  if (isPastEnd) await ranged.discard();
  if (isPastEnd && sizeBehindRange(ranged) === offset) return nothingLeft(ranged, offset);
  // The file is shorter now, or the server does not say how long it is.
  const answer = isPastEnd ? await requestFrom(0) : ranged;
  const { status } = answer;
  const range = rangeOf(answer);
  const isFile = (status === 200 || range !== undefined) && !isCompressed(answer);
  const isPage = (status === 200 || status === 206) && isHtml(answer);
  if (!isFile || isPage) {
    const retryAfter = answer.header('retry-after');
    throw errors.refused({ status, retryAfter, body: await errorDocumentOf(answer), isPage });
  }
  return {
    offset: range?.first ?? 0,
    size: range ? range.size : numberOf(answer.header('content-length')),
    version: strongTagOf(answer),
    body: bytesOf(answer.body, errors),
    discard: () => answer.discard(),
  };
};

/**
 * Returns where a part of the file begins, and the size of the whole file. Undefined: the answer is no part, or does not say where it
 * begins. Its bytes must not be taken for the first ones then: https://www.rfc-editor.org/rfc/rfc9110#section-15.3.7
 */
const rangeOf = (
  answer: Download,
): { readonly first: number; readonly size: number | undefined } | undefined => {
  if (answer.status !== 206) return undefined;
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(answer.header('content-range') ?? '');
  return range ? { first: Number(range[1]), size: numberOf(range[2]) } : undefined;
};

/** The compressed bytes are not those of the file. */
const isCompressed = (answer: Download): boolean =>
  !['', 'identity'].includes((answer.header('content-encoding') ?? '').trim().toLowerCase());

/** The size of the file in a refused range: https://www.rfc-editor.org/rfc/rfc9110#section-15.5.17 */
const sizeBehindRange = (answer: Download): number | undefined =>
  numberOf(/^bytes \*\/(\d+)$/.exec(answer.header('content-range') ?? '')?.[1]);

/** Every byte of the file is before the offset. */
const nothingLeft = (answer: Download, size: number): FileDownload => ({
  offset: size,
  size,
  version: strongTagOf(answer),
  body: noBytes(),
  discard: async () => {},
});

async function* noBytes(): AsyncGenerator<Uint8Array> {}

/** A weak tag can be the same for other bytes: https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3 */
const strongTagOf = (answer: Download): string | undefined => {
  const tag = answer.header('etag');
  return tag?.startsWith('"') ? tag : undefined;
};

const isHtml = (answer: Download): boolean => answer.header('content-type')?.startsWith('text/html') ?? false;

const errorDocumentOf = async (answer: Download): Promise<unknown> => {
  const length = numberOf(answer.header('content-length'));
  const isDocument = answer.header('content-type')?.includes('json') && (length ?? 0) <= longestError;
  if (!isDocument) {
    await answer.discard();
    return undefined;
  }
  const chunks: Uint8Array[] = [];
  let read = 0;
  try {
    for await (const chunk of answer.body.iterator()) {
      const bytes = Buffer.from(chunk);
      read += bytes.length;
      if (read > longestError) return undefined;
      chunks.push(bytes);
    }
  } catch {
    return undefined;
  }
  return parseJsonOrUndefined(Buffer.concat(chunks).toString('utf8'));
};

const numberOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;

async function* bytesOf(body: Readable, errors: DownloadErrors): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw errors.broken(error);
  }
}
