/**
 * GET /recordings/{token}: streams a file of a recording to a person with a signed link. Supports ranges, so that a browser
 * can play and seek. Each access is recorded before the first byte. A link that is invalid, expired, of a revoked key, or
 * about a deleted recording gets the same page, which says nothing about the recording.
 */
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { StoredFile } from '../../../../domain/recordings/stored-recording.ts';
import { readMinterRights } from '../../../access/minter-rights.ts';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { createPageErrorHandler, pageResponse, sendPage } from '../../../plugins/browser-pages.ts';
import { byteRangeOf } from './byte-range.ts';
import { unavailablePage } from './page.ts';

const mediaTypes: Readonly<Record<string, string>> = {
  mp4: 'video/mp4',
  m4a: 'audio/mp4',
  vtt: 'text/vtt; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
};

const headersOf = ({ id, format }: StoredFile) => ({
  'content-type': mediaTypes[format] ?? 'application/octet-stream',
  'content-disposition': `inline; filename="recording-${id}.${format}"`,
  'accept-ranges': 'bytes',
  'cache-control': 'private, no-store',
});

const unavailable = (reply: FastifyReply, acceptLanguage: string | undefined, status = 404) =>
  sendPage(reply, status, unavailablePage(acceptLanguage));

/** Registers the route. */
export const recordingPages = (api: Api, dependencies: ApiDependencies): void => {
  const { repositories, recordingLinks, storage, now } = dependencies;
  const { recordings, recordingAccesses } = repositories;
  const openLink = async (token: string) => {
    const link = recordingLinks.verify(token);
    if (!link || link.expiresAt <= now()) return undefined;
    const isPermitted = await readMinterRights(dependencies, link);
    if (!isPermitted('POST /v1/recordings/:id/links')) return undefined;
    const recording = await recordings.get(link.organization, link.recording);
    const isOpen = recording?.state === 'stored' || recording?.state === 'processing';
    const file = recording?.files.find(({ id }) => id === link.file);
    if (!isOpen || file?.storageKey === undefined || file.size === undefined) return undefined;
    return { link, file, storageKey: file.storageKey, size: file.size };
  };

  api.get(
    '/recordings/:token',
    {
      exposeHeadRoute: false,
      schema: {
        operationId: 'viewRecording',
        tags: ['Pages'],
        summary: 'A file of a recording, for a person with a link',
        security: [],
        params: z.object({
          token: z.string().describe('The token of the link, from `POST /v1/recordings/{id}/links`'),
        }),
        response: {
          200: { description: 'The file', content: { 'application/octet-stream': { schema: z.any() } } },
          206: {
            description: 'A part of the file',
            content: { 'application/octet-stream': { schema: z.any() } },
          },
          404: pageResponse('The link is not valid any more'),
          416: pageResponse('The file has no such range'),
        },
      },
      errorHandler: createPageErrorHandler({}, (_obstacle, acceptLanguage) =>
        unavailablePage(acceptLanguage),
      ),
    },
    async (request, reply) => {
      const acceptLanguage = request.headers['accept-language'];
      const opened = await openLink(request.params.token);
      if (!opened) return unavailable(reply, acceptLanguage);
      const { link, file, storageKey, size } = opened;
      const range = byteRangeOf(request.headers.range, size);
      if (range === 'unsatisfiable') {
        reply.header('content-range', `bytes */${size}`);
        return unavailable(reply, acceptLanguage, 416);
      }
      const { organization, recording, principal } = link;
      const { start, end } = range ?? { start: 0, end: size - 1 };
      const cancelled = new AbortController();
      request.raw.once('close', () => cancelled.abort());
      const call = { correlationId: request.id, signal: cancelled.signal, organization };
      const bytes = await storage.read(storageKey, { start, end }, call);
      await recordingAccesses.record({
        organization,
        recording,
        file: file.id,
        principal,
        firstByte: start,
        correlationId: request.id,
      });
      return reply
        .code(range ? 206 : 200)
        .headers({
          ...headersOf(file),
          'content-length': String(end - start + 1),
          ...(range && { 'content-range': `bytes ${start}-${end}/${size}` }),
        })
        .serializer((payload: unknown) => String(payload))
        .send(Readable.from(bytes, { objectMode: false }));
    },
  );
};
