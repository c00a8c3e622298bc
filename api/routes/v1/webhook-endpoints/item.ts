/** /v1/webhook-endpoints/{id}: one endpoint, how it fares, and what is changed about it. */
import { z } from 'zod';
import { actorOf, callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { json, problems } from '../../../schemas/responses.ts';
import {
  endpointChangesSchema,
  endpointParams,
  endpointSchema,
  shown,
} from '../../../schemas/webhook-endpoint.ts';
import {
  endpointNotFound,
  keptAddress,
  namedAddress,
  requireEndpoint,
} from '../../../webhook-endpoints/endpoint.ts';

const notFound = ['invalid_body', 'unauthenticated', 'forbidden', 'endpoint_not_found'] as const;

const read = (api: Api, dependencies: ApiDependencies): void => {
  api.get(
    '/v1/webhook-endpoints/:id',
    {
      schema: {
        operationId: 'readWebhookEndpoint',
        tags: ['Webhook endpoints'],
        summary: 'Read an endpoint: whether it works, and what it answered last',
        params: endpointParams,
        response: { 200: json('The endpoint', endpointSchema), ...problems(...notFound) },
      },
    },
    async (request) =>
      shown(await requireEndpoint(dependencies, callerOf(request).organization, request.params.id)),
  );
};

const change = (api: Api, { repositories, assertMayBeCalled }: ApiDependencies): void => {
  api.patch(
    '/v1/webhook-endpoints/:id',
    {
      schema: {
        operationId: 'changeWebhookEndpoint',
        tags: ['Webhook endpoints'],
        summary: 'Change its address or its events, enable or disable it',
        params: endpointParams,
        body: endpointChangesSchema,
        response: {
          200: json('The endpoint as it is now', endpointSchema),
          ...problems(...notFound, 'address_not_allowed', 'body_too_large', 'unsupported_media_type'),
        },
      },
    },
    async (request) => {
      const { organization } = callerOf(request);
      const { id } = request.params;
      const { url, ...rest } = request.body;
      if (url !== undefined) await assertMayBeCalled(url);
      const changes = url === undefined ? rest : { ...rest, url: keptAddress(url) };
      const changed = await repositories.endpoints.update(organization, id, changes, {
        ...actorOf(request),
        detail: url === undefined ? rest : { ...rest, url: namedAddress(url) },
      });
      if (!changed) throw endpointNotFound(id);
      return shown(changed);
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
        summary: 'Remove an endpoint, with its secrets and all that was kept of what it has been told',
        params: endpointParams,
        response: { 204: z.null().describe('It is gone'), ...problems(...notFound) },
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

export const webhookEndpointItem = (api: Api, dependencies: ApiDependencies): void => {
  read(api, dependencies);
  change(api, dependencies);
  remove(api, dependencies);
};
