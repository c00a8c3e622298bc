/** /v1/session-blocks/{id}/feed: creates, rotates and revokes the secret address of a block's subscription feed. */
import { z } from 'zod';
import type { SessionBlockId } from '../../../../domain/ids.ts';
import { actorOf, callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { feedSchema } from '../../../schemas/feed.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';
import { blockParams } from '../../../schemas/session-block.ts';
import { blockNotFound } from '../../../session-blocks/block-changes.ts';
import { blockRefusals } from './refusals.ts';

const refOf = (request: Parameters<typeof callerOf>[0], block: SessionBlockId) => ({
  organization: callerOf(request).organization,
  block,
});

/** Registers the routes. */
export const blockFeedAddress = (api: Api, dependencies: ApiDependencies): void => {
  const { blockFeeds } = dependencies.repositories;

  const responseFor = (ref: ReturnType<typeof refOf>, generation: number | undefined) => {
    if (generation === undefined) throw blockNotFound(ref.block);
    const token = dependencies.sessionFeedLinks.token({ ...ref, generation });
    return { url: `${dependencies.configuration.publicUrl}/v1/feeds/${token}.ics` };
  };

  api.post(
    '/v1/session-blocks/:id/feed',
    {
      schema: {
        operationId: 'createSessionFeed',
        tags: ['Feeds'],
        summary: 'Return the address of the subscription feed of a session block',
        description:
          'Creates the feed when there is none. Idempotent: the address stays until it is rotated. The feed contains the sessions and the auditions of the block, and of the blocks that were split from it.',
        params: blockParams,
        response: { 200: jsonResponse('The feed', feedSchema), ...problemResponses(...blockRefusals) },
      },
    },
    async (request) => {
      const ref = refOf(request, request.params.id);
      return responseFor(ref, await blockFeeds.open(ref, actorOf(request)));
    },
  );

  api.post(
    '/v1/session-blocks/:id/feed/rotate',
    {
      schema: {
        operationId: 'rotateSessionFeed',
        tags: ['Feeds'],
        summary: 'Replace the address of the subscription feed of a session block',
        description: 'The former address is invalid immediately.',
        params: blockParams,
        response: {
          200: jsonResponse('The feed with its new address', feedSchema),
          ...problemResponses(...blockRefusals),
        },
      },
    },
    async (request) => {
      const ref = refOf(request, request.params.id);
      return responseFor(ref, await blockFeeds.rotate(ref, actorOf(request)));
    },
  );

  api.delete(
    '/v1/session-blocks/:id/feed',
    {
      schema: {
        operationId: 'revokeSessionFeed',
        tags: ['Feeds'],
        summary: 'Revoke the subscription feed of a session block',
        description: 'Idempotent.',
        params: blockParams,
        response: {
          204: z.null().describe('The block has no feed, now or already before'),
          ...problemResponses(...blockRefusals),
        },
      },
    },
    async (request, reply) => {
      const ref = refOf(request, request.params.id);
      if ((await blockFeeds.revoke(ref, actorOf(request))) === undefined) throw blockNotFound(ref.block);
      return reply.code(204).send(null);
    },
  );
};
