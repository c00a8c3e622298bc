/** GET /v1/feeds/{token}.ics: the subscription feed of a participant, at a secret address. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Refusal } from '../../../../domain/errors.ts';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { renderFeedCalendar } from '../../../feeds/feed-calendar.ts';
import { problemResponses } from '../../../schemas/responses.ts';

/** Slots that began longer ago are left out, and no feed has more auditions. */
const daysShown = 90;
const maxAuditions = 500;

/** Calendar programs read feeds every few minutes at most. */
const cacheControl = 'private, max-age=300';

const params = z.object({
  file: z
    .string()
    .regex(/^[\w.-]+\.ics$/)
    .describe('The secret part of the address, with the ending `.ics`'),
});

const feedNotFound = (): Refusal =>
  new Refusal(
    'link_invalid',
    'There is no calendar at this address, or the address was replaced.',
    'Ask the platform for the present address.',
  );

/** Compares the entity tags without their weakness (RFC 9110, section 13.1.2). */
const matches = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch !== undefined &&
  ifNoneMatch.split(',').some((tag) => ['*', etag].includes(tag.trim().replace(/^W\//, '')));

/** Registers the route. */
export const feedCalendar = (api: Api, { repositories, feedLinks }: ApiDependencies): void => {
  api.get(
    '/v1/feeds/:file',
    {
      schema: {
        operationId: 'readFeed',
        tags: ['Feeds'],
        security: [],
        summary: 'Read the calendar of a participant',
        description:
          'For calendar programs that subscribe to it. Needs no key: the address is the secret. Contains the slots of the last 90 days and of the future, and no names or titles.',
        params,
        response: {
          200: { description: 'The calendar', content: { 'text/calendar': { schema: z.string() } } },
          304: z.null().describe('The calendar is unchanged since the ETag in If-None-Match'),
          ...problemResponses('invalid_body', 'link_invalid'),
        },
      },
    },
    async (request, reply) => {
      const link = feedLinks.verify(request.params.file.replace(/\.ics$/, ''));
      if (!link || !(await repositories.participantFeeds.isValid(link, link.generation))) {
        throw feedNotFound();
      }
      const auditions = await repositories.participantFeeds.listAuditions(link, daysShown, maxAuditions);
      const text = renderFeedCalendar(auditions, link.participant);
      const etag = `"${createHash('sha256').update(text).digest('base64url')}"`;
      reply.headers({ etag, 'cache-control': cacheControl }).type('text/calendar; charset=utf-8');
      if (matches(request.headers['if-none-match'], etag)) return reply.code(304).send(null);
      return reply.serializer((calendar: unknown) => String(calendar)).send(text);
    },
  );
};
