/**
 * Downloads a large file from an address that a vendor has given. Follows redirects, each to an allowed address only, and
 * never sends credentials to another registrable domain. Streams with less overhead than `createGuardedFetch`.
 */
import type { Readable } from 'node:stream';
import { type Dispatcher, request } from 'undici';
import { addressNotAllowed } from './address-rules.ts';
import { parseWebAddress } from './early-check.ts';
import { maySendCredentials } from './guarded-fetch.ts';

export interface Download {
  readonly status: number;
  /** Returns a header of the answer, by its name in lower case. */
  header(name: string): string | undefined;
  readonly body: Readable;
  /** Reads a short rest of the body, so that the connection can be used again. */
  discard(): Promise<void>;
}

interface DownloadRequest {
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export type GuardedDownload = (url: URL, wanted: DownloadRequest) => Promise<Download>;

const maxRedirects = 3;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Returns a guarded download. `authorization` is meant for the server of the first address.
 *
 * @throws {Refusal} `address_not_allowed`; also undici's errors, which can wrap it.
 */
export const createGuardedDownload =
  (dispatcher: Dispatcher): GuardedDownload =>
  async (home, { headers, signal }) => {
    let url = parseWebAddress(home.href);
    for (let count = 0; count <= maxRedirects; count += 1) {
      const { authorization, ...others } = headers;
      const sent = maySendCredentials(home, url) && authorization ? { ...others, authorization } : others;
      const answer = await request(url, { dispatcher, headers: sent, signal });
      const download = asDownload(answer);
      const location = redirects.has(download.status) ? download.header('location') : undefined;
      if (location === undefined) return download;
      await download.discard();
      if (!URL.canParse(location, url.href)) break;
      url = parseWebAddress(new URL(location, url.href).href);
    }
    throw addressNotAllowed(
      `${home.hostname} answers with too many redirects, or with one that cannot be followed.`,
      'Download the file later.',
    );
  };

const asDownload = ({ statusCode, headers, body }: Dispatcher.ResponseData): Download => ({
  status: statusCode,
  header: (name) => {
    const value = headers[name];
    return Array.isArray(value) ? value[0] : value;
  },
  body,
  discard: () => body.dump(),
});
