/** /v1/attention: lists the items that wait for an operator, and resolves them. */
import { resolveAttentionSchema } from '../../../domain/audition/commands.ts';
import { callerOf } from '../../access/caller.ts';
import type { Api } from '../../api.ts';
import {
  attentionQuerySchema,
  matchingResultSchema,
  resolveMatchingAttention,
} from '../../auditions/matching-attention.ts';
import { resolveAttention } from '../../auditions/resolve-attention.ts';
import { sendAuditionResponse } from '../../auditions/send-response.ts';
import type { ApiDependencies } from '../../dependencies.ts';
import { idempotencyHeaders } from '../../idempotency/run-once.ts';
import { attentionParams, attentionSchema, auditionSchema } from '../../schemas/audition.ts';
import { pageQuery, pageSchemaOf } from '../../schemas/page.ts';
import { jsonResponse, problemResponses } from '../../schemas/responses.ts';

const listAttention = (api: Api, { repositories }: ApiDependencies): void => {
  api.get(
    '/v1/attention',
    {
      schema: {
        operationId: 'listAttention',
        tags: ['Attention'],
        summary: 'List open attention items',
        querystring: pageQuery,
        response: {
          200: jsonResponse('A page of attention items, the oldest first', attentionPage),
          ...problemResponses('unauthenticated', 'forbidden'),
        },
      },
    },
    async (request) =>
      repositories.auditions.listAttentionItems(callerOf(request).organization, request.query),
  );
};

const resolve = (api: Api, dependencies: ApiDependencies): void => {
  api.post(
    '/v1/attention/:id/resolve',
    {
      schema: {
        operationId: 'resolveAttention',
        tags: ['Attention'],
        summary: 'Resolve an attention item',
        params: attentionParams,
        headers: idempotencyHeaders,
        body: resolutionBody,
        response: {
          200: jsonResponse('Resolved; the audition continues', auditionSchema),
          202: jsonResponse('Accepted and under way; read the audition later', auditionSchema),
          ...problemResponses(
            'unauthenticated',
            'forbidden',
            'attention_not_found',
            'audition_closed',
            'audition_stopped',
            'action_not_offered',
            'idempotency_key_reused',
            'body_too_large',
            'unsupported_media_type',
          ),
        },
      },
    },
    async (request, reply) => {
      const { organization, label, id: principal } = callerOf(request);
      const response = await resolveAttention(dependencies, {
        organization,
        id: request.params.id,
        body: request.body,
        key: request.headers['idempotency-key'],
        by: label,
        principal,
        correlationId: request.id,
      });
      return sendAuditionResponse(dependencies, reply, response);
    },
  );
};

const resolveMatching = (api: Api, dependencies: ApiDependencies): void => {
  api.post(
    '/v1/attention/resolve',
    {
      schema: {
        operationId: 'resolveMatchingAttention',
        tags: ['Attention'],
        summary: 'Resolve all attention items that match a query',
        description:
          'For the end of an outage: one decision for up to 100 items with one cause, the oldest first. A repeated request resolves the next ones.',
        body: attentionQuerySchema,
        response: {
          200: jsonResponse('What became of each item', matchingResultSchema),
          ...problemResponses('unauthenticated', 'forbidden', 'body_too_large', 'unsupported_media_type'),
        },
      },
    },
    async (request) => {
      const { organization, label, id: principal } = callerOf(request);
      return resolveMatchingAttention(dependencies, {
        organization,
        query: request.body,
        by: label,
        principal,
        correlationId: request.id,
      });
    },
  );
};

const attentionPage = pageSchemaOf('AttentionItemPage', attentionSchema);

const resolutionBody = resolveAttentionSchema.meta({
  id: 'AttentionResolution',
  description: 'What an operator decides about an attention item',
});

/** Registers the attention routes. */
export const attentionRoutes = (api: Api, dependencies: ApiDependencies): void => {
  listAttention(api, dependencies);
  resolve(api, dependencies);
  resolveMatching(api, dependencies);
};
