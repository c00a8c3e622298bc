/** Sends a generated file, with ranges (RFC 9110, section 14), and breaks the connection when a test wants it. */
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { pseudoRandomBytes } from './pseudo-random-bytes.ts';

export interface MediaFile {
  /** The seed of the bytes. */
  readonly id: string;
  /** In bytes. */
  readonly size: number;
  readonly contentType: string;
  /** The connection breaks after this many bytes. Undefined: it does not. */
  readonly cutAfter: number | undefined;
  /** The speed of a download. Undefined: as fast as the network. */
  readonly bytesPerSecond: number | undefined;
  /** Ignores the header Range, as some content networks do. */
  readonly ignoresRanges: boolean;
  /** A strong ETag. Undefined: none is sent. */
  readonly version?: string | undefined;
}

/** Sends the file, or the part of it that the request asks for. */
export const sendFile = (request: FastifyRequest, reply: FastifyReply, file: MediaFile): FastifyReply => {
  const { id, size, cutAfter, bytesPerSecond, contentType } = file;
  const range = file.ignoresRanges ? null : /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const start = range ? Number(range[1]) : 0;
  const end = range?.[2] ? Math.min(Number(range[2]) + 1, size) : size;
  if (range && start >= size) return reply.code(416).header('content-range', `bytes */${size}`).send();
  const bytes =
    cutAfter === undefined
      ? pseudoRandomBytes(id, start, end)
      : untilCut(id, start, Math.min(start + cutAfter, end));
  return reply
    .code(range ? 206 : 200)
    .headers({
      'content-type': contentType,
      'content-length': String(end - start),
      'accept-ranges': 'bytes',
      ...(file.version === undefined ? {} : { etag: `"${file.version}"` }),
      ...(range && { 'content-range': `bytes ${start}-${end - 1}/${size}` }),
    })
    .send(Readable.from(throttled(bytes, bytesPerSecond), { objectMode: false }));
};

/** Yields the chunks at a speed. The consumer can be slower. */
async function* throttled(
  bytes: Iterable<Buffer>,
  bytesPerSecond: number | undefined,
): AsyncGenerator<Buffer> {
  const began = performance.now();
  let sent = 0;
  for (const chunk of bytes) {
    yield chunk;
    sent += chunk.length;
    if (bytesPerSecond === undefined) continue;
    const aheadMs = (sent / bytesPerSecond) * 1_000 - (performance.now() - began);
    if (aheadMs > 10) await wait(aheadMs);
  }
}

/** The connection breaks after the last byte. */
function* untilCut(seed: string, start: number, end: number): Generator<Buffer> {
  yield* pseudoRandomBytes(seed, start, end);
  throw new Error('the sandbox breaks this download');
}
