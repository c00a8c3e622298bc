/** /v1/webhook-endpoints/{id}: reads, changes and removes a webhook endpoint. */
import { z } from 'zod';
import { actorOf, callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';
import {
  endpointChangesSchema,
  endpointParams,
  endpointSchema,
  toEndpointResponse,
} from '../../../schemas/webhook-endpoint.ts';
import {
  endpointNotFound,
  normalizedUrl,
  requireEndpoint,
  urlWithoutQuery,
} from '../../../webhook-endpoints/endpoint.ts';

const notFound = ['unauthenticated', 'forbidden', 'endpoint_not_found'] as const;

const read = (api: Api, dependencies: ApiDependencies): void => {
  api.get(
    '/v1/webhook-endpoints/:id',
    {
      schema: {
        operationId: 'readWebhookEndpoint',
        tags: ['Webhook endpoints'],
        summary: 'Read an endpoint, with its status and its last response',
        params: endpointParams,
        response: { 200: jsonResponse('The endpoint', endpointSchema), ...problemResponses(...notFound) },
      },
    },
    async (request) =>
      toEndpointResponse(
        await requireEndpoint(dependencies, callerOf(request).organization, request.params.id),
      ),
  );
};

const change = (api: Api, { repositories, assertUrlAllowed }: ApiDependencies): void => {
  api.patch(
    '/v1/webhook-endpoints/:id',
    {
      schema: {
        operationId: 'changeWebhookEndpoint',
        tags: ['Webhook endpoints'],
        summary: 'Change the URL or the event types of an endpoint, enable or disable it',
        params: endpointParams,
        body: endpointChangesSchema,
        response: {
          200: jsonResponse('The changed endpoint', endpointSchema),
          ...problemResponses(...notFound, 'address_not_allowed', 'body_too_large', 'unsupported_media_type'),
        },
      },
    },
    async (request) => {
      const { organization } = callerOf(request);
      const { id } = request.params;
      const { url, ...rest } = request.body;
      if (url !== undefined) await assertUrlAllowed(url);
      const changes = url === undefined ? rest : { ...rest, url: normalizedUrl(url) };
      const changed = await repositories.endpoints.update(organization, id, changes, {
        ...actorOf(request),
        detail: url === undefined ? rest : { ...rest, url: urlWithoutQuery(url) },
      });
      if (!changed) throw endpointNotFound(id);
      return toEndpointResponse(changed);
    },
  );
};

const remove = (api: Api, { repositories }: ApiDependencies): void => {
  api.delete(
    '/v1/webhook-endpoints/:id',
    {
      schema: {
        operationId: 'removeWebhookEndpoint',
        tags: ['Webhook endpoints'],
        summary: 'Remove an endpoint with its secrets and its delivery records',
        params: endpointParams,
        response: { 204: z.null().describe('The endpoint is removed'), ...problemResponses(...notFound) },
      },
    },
    async (request, reply) => {
      const { organization } = callerOf(request);
      const { id } = request.params;
      const isRemoved = await repositories.endpoints.remove(organization, id, actorOf(request));
      if (!isRemoved) throw endpointNotFound(id);
      return reply.code(204).send(null);
    },
  );
};

/** Registers the routes. */
export const webhookEndpointItem = (api: Api, dependencies: ApiDependencies): void => {
  read(api, dependencies);
  change(api, dependencies);
  remove(api, dependencies);
};
