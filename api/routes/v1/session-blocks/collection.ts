/** /v1/session-blocks: creates and lists session blocks. */
import { participantIdSchema, projectIdSchema, roleIdSchema } from '../../../../domain/ids.ts';
import { actorOf, callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import { createdBlockId } from '../../../auditions/derived-ids.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { idempotencyHeaders, keyMissing, runOnce } from '../../../idempotency/run-once.ts';
import { pageQuery, pageSchemaOf } from '../../../schemas/page.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';
import { sessionBlockRequest, sessionBlockSchema, toBlockResponse } from '../../../schemas/session-block.ts';
import { checkDefinition } from '../../../session-blocks/check-definition.ts';
import { definitionRefusals } from './refusals.ts';

const listQuery = pageQuery.extend({
  project: projectIdSchema.optional(),
  role: roleIdSchema.optional(),
  castingDirector: participantIdSchema.optional(),
});

const blockPage = pageSchemaOf('SessionBlockPage', sessionBlockSchema);

const create = (api: Api, { repositories, now }: ApiDependencies): void => {
  api.post(
    '/v1/session-blocks',
    {
      schema: {
        operationId: 'createSessionBlock',
        tags: ['Session blocks'],
        summary: 'Create a session block',
        description: 'A repeated request with the same Idempotency-Key returns the same block.',
        headers: idempotencyHeaders.required(),
        body: sessionBlockRequest,
        response: {
          201: jsonResponse('The session block', sessionBlockSchema),
          ...problemResponses('idempotency_key_missing', 'idempotency_key_reused', ...definitionRefusals),
        },
      },
      // Checked before the schema, which would report `invalid_body` instead of this code.
      preValidation: async ({ headers }) => {
        if (headers['idempotency-key'] === undefined) throw keyMissing('Creating a session block');
      },
    },
    async (request, reply) => {
      const { organization } = callerOf(request);
      const key = request.headers['idempotency-key'];
      const { body } = await runOnce(
        repositories.idempotentRequests,
        { organization, route: 'POST /v1/session-blocks', key, body: request.body },
        async () => {
          const id = createdBlockId(organization, key);
          const earlier = await repositories.sessionBlocks.get(organization, id);
          const block =
            earlier ??
            (await repositories.sessionBlocks.create(
              { id, organization, definition: checkDefinition(request.body, now()) },
              actorOf(request),
            ));
          return { status: 201, body: toBlockResponse(block) };
        },
      );
      const block = sessionBlockSchema.parse(body);
      return reply
        .code(201)
        .headers({ location: `/v1/session-blocks/${block.id}`, etag: `"${block.version}"` })
        .send(block);
    },
  );
};

const list = (api: Api, { repositories }: ApiDependencies): void => {
  api.get(
    '/v1/session-blocks',
    {
      schema: {
        operationId: 'listSessionBlocks',
        tags: ['Session blocks'],
        summary: 'List session blocks',
        querystring: listQuery,
        response: {
          200: jsonResponse('A page of session blocks, the newest first', blockPage),
          ...problemResponses('unauthenticated', 'forbidden'),
        },
      },
    },
    async (request) => {
      const { cursor, limit, ...filter } = request.query;
      const page = await repositories.sessionBlocks.list(callerOf(request).organization, filter, {
        cursor,
        limit,
      });
      return { ...page, items: page.items.map(toBlockResponse) };
    },
  );
};

/** Registers the routes. */
export const sessionBlockCollection = (api: Api, dependencies: ApiDependencies): void => {
  create(api, dependencies);
  list(api, dependencies);
};
