/** /v1/participants/{participant}/feed: creates, rotates and revokes the secret address of a subscription feed. */
import { z } from 'zod';
import { participantIdSchema } from '../../../../domain/ids.ts';
import { actorOf, callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { feedSchema } from '../../../schemas/feed.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';

const params = z.object({ participant: participantIdSchema });

const refusals = ['unauthenticated', 'forbidden'] as const;

/** Registers the routes. */
export const feedAddress = (api: Api, dependencies: ApiDependencies): void => {
  const { participantFeeds } = dependencies.repositories;

  const responseFor = (owner: Parameters<typeof participantFeeds.open>[0], generation: number) => ({
    url: `${dependencies.configuration.publicUrl}/v1/feeds/${dependencies.feedLinks.token({ ...owner, generation })}.ics`,
  });

  api.post(
    '/v1/participants/:participant/feed',
    {
      schema: {
        operationId: 'createFeed',
        tags: ['Feeds'],
        summary: 'Return the address of the subscription feed of a participant',
        description:
          'Creates the feed when there is none. Idempotent: the address stays until it is rotated.',
        params,
        response: {
          200: jsonResponse('The feed', feedSchema),
          ...problemResponses(...refusals),
        },
      },
    },
    async (request) => {
      const owner = { organization: callerOf(request).organization, participant: request.params.participant };
      return responseFor(owner, await participantFeeds.open(owner, actorOf(request)));
    },
  );

  api.post(
    '/v1/participants/:participant/feed/rotate',
    {
      schema: {
        operationId: 'rotateFeed',
        tags: ['Feeds'],
        summary: 'Replace the address of the subscription feed of a participant',
        description: 'The former address is invalid immediately.',
        params,
        response: {
          200: jsonResponse('The feed with its new address', feedSchema),
          ...problemResponses(...refusals),
        },
      },
    },
    async (request) => {
      const owner = { organization: callerOf(request).organization, participant: request.params.participant };
      return responseFor(owner, await participantFeeds.rotate(owner, actorOf(request)));
    },
  );

  api.delete(
    '/v1/participants/:participant/feed',
    {
      schema: {
        operationId: 'revokeFeed',
        tags: ['Feeds'],
        summary: 'Revoke the subscription feed of a participant',
        description: 'Idempotent.',
        params,
        response: {
          204: z.null().describe('The participant has no feed, now or already before'),
          ...problemResponses(...refusals),
        },
      },
    },
    async (request, reply) => {
      const owner = { organization: callerOf(request).organization, participant: request.params.participant };
      await participantFeeds.revoke(owner, actorOf(request));
      return reply.code(204).send(null);
    },
  );
};
