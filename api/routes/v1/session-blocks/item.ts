/** /v1/session-blocks/{id}: reads, replaces, splits and cancels a session block. */
import { z } from 'zod';
import { clockTimeSchema } from '../../../../domain/session-blocks/session-block.ts';
import { callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import { splitBlockId } from '../../../auditions/derived-ids.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { keyMissing } from '../../../idempotency/run-once.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';
import {
  blockParams,
  changedBlockSchema,
  sessionBlockRequest,
  sessionBlockSchema,
  splitBlockSchema,
  toBlockResponse,
} from '../../../schemas/session-block.ts';
import {
  cancelBlock,
  replaceBlock,
  requireBlock,
  splitBlock,
} from '../../../session-blocks/block-changes.ts';
import { etagOf } from '../../../session-blocks/versions.ts';
import { changeHeaders, runChange } from './change-route.ts';
import { blockRefusals, changeRefusals, definitionRefusals } from './refusals.ts';

const read = (api: Api, dependencies: ApiDependencies): void => {
  api.get(
    '/v1/session-blocks/:id',
    {
      schema: {
        operationId: 'readSessionBlock',
        tags: ['Session blocks'],
        summary: 'Read a session block',
        params: blockParams,
        response: {
          200: jsonResponse('The session block; the header ETag contains its version', sessionBlockSchema),
          ...problemResponses(...blockRefusals),
        },
      },
    },
    async (request, reply) => {
      const block = await requireBlock(dependencies, callerOf(request).organization, request.params.id);
      reply.header('etag', etagOf(block));
      return toBlockResponse(block);
    },
  );
};

const replace = (api: Api, dependencies: ApiDependencies): void => {
  api.put(
    '/v1/session-blocks/:id',
    {
      schema: {
        operationId: 'replaceSessionBlock',
        tags: ['Session blocks'],
        summary: 'Change all sessions of a block',
        description:
          'The body replaces the definition. Changed sessions stay changed, if the block still has them. Auditions are not moved: those outside are listed, and each asks the casting office.',
        params: blockParams,
        headers: changeHeaders,
        body: sessionBlockRequest,
        response: {
          200: jsonResponse('The changed block', changedBlockSchema),
          ...problemResponses(...changeRefusals, ...definitionRefusals),
        },
      },
    },
    (request, reply) =>
      runChange(dependencies, request, reply, {
        route: `PUT /v1/session-blocks/${request.params.id}`,
        schema: changedBlockSchema,
        run: async (target) => {
          const { block, outside, dropped } = await replaceBlock(dependencies, target, request.body);
          return { block: toBlockResponse(block), outside, dropped };
        },
      }),
  );
};

const cancel = (api: Api, dependencies: ApiDependencies): void => {
  api.delete(
    '/v1/session-blocks/:id',
    {
      schema: {
        operationId: 'cancelSessionBlock',
        tags: ['Session blocks'],
        summary: 'Cancel a session block',
        description:
          'The block has no sessions any more; it can still be read. Its auditions are not cancelled: each asks the casting office. Idempotent.',
        params: blockParams,
        headers: changeHeaders,
        response: {
          200: jsonResponse('The cancelled block', changedBlockSchema),
          ...problemResponses(...changeRefusals),
        },
      },
    },
    (request, reply) =>
      runChange(dependencies, request, reply, {
        route: `DELETE /v1/session-blocks/${request.params.id}`,
        schema: changedBlockSchema,
        run: async (target) => {
          const { block, outside } = await cancelBlock(dependencies, target);
          return { block: toBlockResponse(block), outside };
        },
      }),
  );
};

const splitBody = z
  .object({
    from: clockTimeSchema.describe('The start in the series of the first session that is changed'),
    following: sessionBlockRequest.describe('The definition of the new block'),
  })
  .strict()
  .meta({ id: 'SessionBlockSplit', description: 'Where the block is split, and what follows' });

const split = (api: Api, dependencies: ApiDependencies): void => {
  api.post(
    '/v1/session-blocks/:id/split',
    {
      schema: {
        operationId: 'splitSessionBlock',
        tags: ['Session blocks'],
        summary: 'Change a session and all following ones',
        description:
          'The block ends before the session at `from`; `following` is a new block with the sessions from then on. Auditions of both are compared with the sessions of both. A repeated request with the same Idempotency-Key creates no other block.',
        params: blockParams,
        headers: changeHeaders.required({ 'idempotency-key': true }),
        body: splitBody,
        response: {
          200: jsonResponse('Both blocks', splitBlockSchema),
          ...problemResponses(
            'idempotency_key_missing',
            'session_not_found',
            ...changeRefusals,
            ...definitionRefusals,
          ),
        },
      },
      preValidation: async ({ headers }) => {
        if (headers['idempotency-key'] === undefined) throw keyMissing('Splitting a session block');
      },
    },
    (request, reply) =>
      runChange(dependencies, request, reply, {
        route: `POST /v1/session-blocks/${request.params.id}/split`,
        schema: splitBlockSchema,
        run: async (target) => {
          const { from, following: definition } = request.body;
          const id = splitBlockId(target.organization, target.id, request.headers['idempotency-key']);
          const result = await splitBlock(dependencies, target, from, { id, definition });
          return {
            ...result,
            block: toBlockResponse(result.block),
            following: toBlockResponse(result.following),
          };
        },
      }),
  );
};

/** Registers the routes. */
export const sessionBlockItem = (api: Api, dependencies: ApiDependencies): void => {
  read(api, dependencies);
  replace(api, dependencies);
  cancel(api, dependencies);
  split(api, dependencies);
};
