/** /v1/webhook-endpoints/{id}/{rotate-secret|replay|test}: actions on a webhook endpoint. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { actorOf, callerOf } from '../../../access/caller.ts';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { jsonResponse, problemResponses } from '../../../schemas/responses.ts';
import {
  endpointParams,
  endpointWithSecretSchema,
  replayRangeSchema,
  rotationSchema,
  toEndpointResponse,
} from '../../../schemas/webhook-endpoint.ts';
import {
  endpointDisabled,
  endpointNotFound,
  newSecret,
  requireEndpoint,
  rotationUnderWay,
} from '../../../webhook-endpoints/endpoint.ts';

/** For this time both the old and the new secret sign. */
const overlapMs = 24 * 3_600_000;

const common = ['unauthenticated', 'forbidden', 'endpoint_not_found'] as const;
const withBody = [...common, 'body_too_large', 'unsupported_media_type'] as const;

const rotate = (api: Api, dependencies: ApiDependencies): void => {
  const { endpoints } = dependencies.repositories;
  api.post(
    '/v1/webhook-endpoints/:id/rotate-secret',
    {
      schema: {
        operationId: 'rotateWebhookSecret',
        tags: ['Webhook endpoints'],
        summary: 'Rotate the secret',
        description: 'Both secrets sign for 24 hours. The new secret is shown only in this response.',
        params: endpointParams,
        body: rotationSchema,
        response: {
          200: jsonResponse('Both secrets sign from now on', endpointWithSecretSchema),
          ...problemResponses(...withBody, 'rotation_under_way'),
        },
      },
    },
    async (request) => {
      const { organization } = callerOf(request);
      const { id } = request.params;
      const { secret = newSecret(), force } = request.body;
      const { previousSecretUntil: until } = await requireEndpoint(dependencies, organization, id);
      if (until !== undefined && until > dependencies.now() && !force) throw rotationUnderWay(until);
      const use = {
        organization,
        endpoint: id,
        purpose: 'endpoints.rotateSecret',
        correlationId: request.id,
      };
      const rotated = await endpoints.rotateSecret(use, secret, overlapMs, {
        ...actorOf(request),
        detail: { force },
      });
      if (!rotated) {
        // Another request has rotated the secret or removed the endpoint.
        const previousUntil = (await endpoints.get(organization, id))?.previousSecretUntil;
        throw previousUntil === undefined ? endpointNotFound(id) : rotationUnderWay(previousUntil);
      }
      return { ...toEndpointResponse(rotated), secret };
    },
  );
};

const replay = (api: Api, dependencies: ApiDependencies): void => {
  api.post(
    '/v1/webhook-endpoints/:id/replay',
    {
      schema: {
        operationId: 'replayWebhookEvents',
        tags: ['Webhook endpoints'],
        summary: 'Replay events',
        description:
          'Sends the events from `from` up to but not including `until` again, audition by audition, in order, with the same IDs. Idempotent while the replay of this range is running.',
        params: endpointParams,
        body: replayRangeSchema,
        response: {
          202: jsonResponse('The replay has started', replaySchema),
          ...problemResponses(...withBody, 'endpoint_disabled'),
        },
      },
    },
    async (request, reply) => {
      const { organization } = callerOf(request);
      const { id } = request.params;
      const endpoint = await requireEndpoint(dependencies, organization, id);
      if (endpoint.status === 'disabled') throw endpointDisabled(id);
      // Recorded before it starts, so that no such act is missing from the audit log.
      await dependencies.repositories.administrativeActs.record({
        organization,
        ...actorOf(request),
        act: 'endpoint.replayed',
        target: id,
        detail: request.body,
      });
      const started = await dependencies.deliveryWorkflows.startReplay({
        organization,
        endpoint: id,
        correlationId: request.id,
        ...request.body,
      });
      return reply.code(202).send({ replay: started });
    },
  );
};

const replaySchema = z
  .object({ replay: z.string().describe('The workflow ID of the replay') })
  .meta({ id: 'Replay', description: 'A replay that has begun' });

const testResult = z
  .object({
    delivered: z.boolean().describe('Whether the endpoint answered with 2xx'),
    answer: z.string().optional().describe('The HTTP status, or the reason why there was no response'),
  })
  .meta({ id: 'TestResult', description: 'The result of a test message' });

const test = (api: Api, dependencies: ApiDependencies): void => {
  api.post(
    '/v1/webhook-endpoints/:id/test',
    {
      schema: {
        operationId: 'testWebhookEndpoint',
        tags: ['Webhook endpoints'],
        summary: 'Send a test event and return the response',
        description: 'Sends the event once, also to a disabled endpoint. Does not change the endpoint.',
        params: endpointParams,
        response: {
          200: jsonResponse('Result of the test', testResult),
          202: jsonResponse('No result yet: the test event may still be delivered', testResult),
          ...problemResponses(...common),
        },
      },
    },
    async (request, reply) => {
      const { organization } = callerOf(request);
      const { id } = request.params;
      await requireEndpoint(dependencies, organization, id);
      // Recorded before it starts, so that no such act is missing from the audit log.
      await dependencies.repositories.administrativeActs.record({
        organization,
        ...actorOf(request),
        act: 'endpoint.tested',
        target: id,
      });
      const result = await dependencies.deliveryWorkflows.deliverNotice({
        organization,
        endpoint: id,
        correlationId: request.id,
        message: {
          id: `msg_test_${randomUUID()}`,
          event: {
            type: 'endpoint.test',
            timestamp: dependencies.now(),
            data: { endpoint: id, organization },
          },
        },
        evenIfDisabled: true,
        once: true,
      });
      if (!result) return reply.code(202).send({ delivered: false });
      return reply.send({ delivered: result.kind === 'accepted', answer: result.answer });
    },
  );
};

/** Registers the routes. */
export const webhookEndpointActions = (api: Api, dependencies: ApiDependencies): void => {
  rotate(api, dependencies);
  replay(api, dependencies);
  test(api, dependencies);
};
