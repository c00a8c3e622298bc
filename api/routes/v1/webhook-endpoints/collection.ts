/** /v1/webhook-endpoints: creates and lists the URLs that receive events. */
import { z } from 'zod';
import { actorOf, callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';
import {
  endpointSchema,
  endpointWithSecretSchema,
  newEndpointSchema,
  toEndpointResponse,
} from '../../../schemas/webhook-endpoint.ts';
import {
  newEndpointId,
  newSecret,
  normalizedUrl,
  requireEndpoint,
  tooManyEndpoints,
  urlWithoutQuery,
} from '../../../webhook-endpoints/endpoint.ts';

const endpointsSchema = z
  .object({ items: z.array(endpointSchema).describe('The endpoints') })
  .meta({ id: 'WebhookEndpoints', description: 'The endpoints of the organization' });

const create = (api: Api, dependencies: ApiDependencies): void => {
  const { repositories, assertUrlAllowed } = dependencies;
  api.post(
    '/v1/webhook-endpoints',
    {
      schema: {
        operationId: 'createWebhookEndpoint',
        tags: ['Webhook endpoints'],
        summary: 'Create a webhook endpoint',
        description:
          'The endpoint receives all events from now on. The secret is shown only in this response.',
        body: newEndpointSchema,
        response: {
          201: jsonResponse('The endpoint is enabled', endpointWithSecretSchema),
          ...problemResponses(
            'unauthenticated',
            'forbidden',
            'address_not_allowed',
            'endpoint_limit_reached',
            'body_too_large',
            'unsupported_media_type',
          ),
        },
      },
    },
    async (request, reply) => {
      const { organization } = callerOf(request);
      const { eventTypes, secret = newSecret() } = request.body;
      await assertUrlAllowed(request.body.url);
      const url = normalizedUrl(request.body.url);
      const id = newEndpointId();
      const isCreated = await repositories.endpoints.create(
        { id, organization, url, eventTypes, secret },
        { ...actorOf(request), detail: { url: urlWithoutQuery(url), eventTypes } },
      );
      if (!isCreated) throw tooManyEndpoints();
      const created = await requireEndpoint(dependencies, organization, id);
      return reply
        .code(201)
        .header('location', `/v1/webhook-endpoints/${id}`)
        .send({ ...toEndpointResponse(created), secret });
    },
  );
};

const list = (api: Api, { repositories }: ApiDependencies): void => {
  api.get(
    '/v1/webhook-endpoints',
    {
      schema: {
        operationId: 'listWebhookEndpoints',
        tags: ['Webhook endpoints'],
        summary: 'List webhook endpoints',
        response: {
          200: jsonResponse('All endpoints, the oldest first', endpointsSchema),
          ...problemResponses('unauthenticated', 'forbidden'),
        },
      },
    },
    async (request) => {
      const endpoints = await repositories.endpoints.list(callerOf(request).organization);
      return { items: endpoints.map(toEndpointResponse) };
    },
  );
};

/** Registers the routes. */
export const webhookEndpointCollection = (api: Api, dependencies: ApiDependencies): void => {
  create(api, dependencies);
  list(api, dependencies);
};
