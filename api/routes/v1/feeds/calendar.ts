/** GET /v1/feeds/{token}.ics: the subscription feed of a participant or of a session block, at a secret address. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Refusal } from '../../../../domain/errors.ts';
import { toEpochMs, toInstant } from '../../../../domain/time/epoch.ts';
import { day } from '../../../../domain/time/units.ts';
import { sessionsIn } from '../../../../providers/icalendar/session-occurrences.ts';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { renderFeedCalendar, renderSessionFeed } from '../../../feeds/feed-calendar.ts';
import { shownSessions } from '../../../feeds/shown-sessions.ts';
import { problemResponses } from '../../../schemas/responses.ts';

/** Slots that began longer ago are left out, and no feed has more auditions. What is ahead comes first. */
const daysShown = 90;
const maxAuditions = 500;
const maxSessions = 1_000;

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

const readParticipantFeed = async (
  { repositories: { participantFeeds }, feedLinks, joinAddresses }: ApiDependencies,
  token: string,
): Promise<string | undefined> => {
  const link = feedLinks.verify(token);
  if (!link || !(await participantFeeds.isValid(link, link.generation))) return undefined;
  const { participant } = link;
  const auditions = await participantFeeds.listAuditions(link, daysShown, maxAuditions);
  return renderFeedCalendar(await joinAddresses.forParticipant(auditions, participant), participant);
};

/** Contains the blocks that were split from each other: a split does not end a subscription. */
const readSessionFeed = async (
  {
    repositories: { blockFeeds, blockAuditions, sessionBlocks },
    sessionFeedLinks,
    joinAddresses,
    now,
  }: ApiDependencies,
  token: string,
): Promise<string | undefined> => {
  const link = sessionFeedLinks.verify(token);
  if (!link || !(await blockFeeds.isValid(link, link.generation))) return undefined;
  const { organization } = link;
  const block = await sessionBlocks.get(organization, link.block);
  if (!block) return undefined;
  const blocks = await sessionBlocks.listSeries(organization, block.series);
  // From the beginning of the day, so that the calendar and its ETag stay the same for a day.
  const today = startOfUtcDay(toEpochMs(now()));
  const start = today - daysShown * day;
  const sessions = shownSessions(
    blocks.flatMap((one) =>
      sessionsIn(one, { start, end: start + (daysShown + 366) * day }).map((session) => ({
        ...session,
        block: one,
      })),
    ),
    toInstant(today),
    maxSessions,
  );
  const auditions = await blockAuditions.list(
    organization,
    blocks.map(({ id }) => id),
    { from: toInstant(start), today: toInstant(today) },
    maxAuditions,
  );
  return renderSessionFeed(sessions, await joinAddresses.forEveryone(auditions));
};

const startOfUtcDay = (epochMs: number): number => epochMs - (epochMs % day);

/** Registers the route. */
export const feedCalendar = (api: Api, dependencies: ApiDependencies): void => {
  api.get(
    '/v1/feeds/:file',
    {
      schema: {
        operationId: 'readFeed',
        tags: ['Feeds'],
        security: [],
        summary: 'Read the calendar of a participant or of a session block',
        description:
          'For calendar programs that subscribe to it. Needs no key: the address is the secret. Contains the slots of the last 90 days and of the future, the sessions of a block for a year, and no names or titles.',
        params,
        response: {
          200: { description: 'The calendar', content: { 'text/calendar': { schema: z.string() } } },
          304: z.null().describe('The calendar is unchanged since the ETag in If-None-Match'),
          ...problemResponses('link_invalid'),
        },
      },
    },
    async (request, reply) => {
      const token = request.params.file.replace(/\.ics$/, '');
      const text =
        (await readParticipantFeed(dependencies, token)) ?? (await readSessionFeed(dependencies, token));
      if (text === undefined) throw feedNotFound();
      const etag = `"${createHash('sha256').update(text).digest('base64url')}"`;
      reply.headers({ etag, 'cache-control': cacheControl }).type('text/calendar; charset=utf-8');
      if (matches(request.headers['if-none-match'], etag)) return reply.code(304).send(null);
      return reply.serializer((calendar: unknown) => String(calendar)).send(text);
    },
  );
};
