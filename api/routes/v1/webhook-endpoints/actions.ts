/** What is done with an endpoint: its secret exchanged, events sent again, a test. */
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

/** So long the old secret signs beside the new one. */
const overlapMs = 24 * 3_600_000;

const common = ['invalid_body', 'unauthenticated', 'forbidden', 'endpoint_not_found'] as const;
const withBody = [...common, 'body_too_large', 'unsupported_media_type'] as const;

const rotate = (api: Api, dependencies: ApiDependencies): void => {
  const { endpoints } = dependencies.repositories;
  api.post(
    '/v1/webhook-endpoints/:id/rotate-secret',
    {
      schema: {
        operationId: 'rotateWebhookSecret',
        tags: ['Webhook endpoints'],
        summary: 'Exchange the secret',
        description: 'The old one signs beside the new one for 24 hours. The new one is shown this once.',
        params: endpointParams,
        body: rotationSchema,
        response: {
          200: jsonResponse('From now on both sign', endpointWithSecretSchema),
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
        // Another caller was quicker, or has removed it.
        const meanwhile = (await endpoints.get(organization, id))?.previousSecretUntil;
        throw meanwhile === undefined ? endpointNotFound(id) : rotationUnderWay(meanwhile);
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
        summary: 'Send what happened in a time again',
        description:
          'From `from` up to but not including `until`, audition by audition, in their order, under the same ids. Asked for twice while it goes on, it is done once.',
        params: endpointParams,
        body: replayRangeSchema,
        response: {
          202: jsonResponse(
            'It is under way',
            z.object({ replay: z.string().describe('The id of its workflow') }),
          ),
          ...problemResponses(...withBody, 'endpoint_disabled'),
        },
      },
    },
    async (request, reply) => {
      const { organization } = callerOf(request);
      const { id } = request.params;
      const endpoint = await requireEndpoint(dependencies, organization, id);
      if (endpoint.status === 'disabled') throw endpointDisabled(id);
      // Before it is begun: none happens unnoted.
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

const testResult = z.object({
  delivered: z.boolean(),
  answer: z.string().optional().describe('A status, or why there was none'),
});

const test = (api: Api, dependencies: ApiDependencies): void => {
  api.post(
    '/v1/webhook-endpoints/:id/test',
    {
      schema: {
        operationId: 'testWebhookEndpoint',
        tags: ['Webhook endpoints'],
        summary: 'Send a test event, and say what was answered',
        description: 'Sent once, to a disabled endpoint too. Changes nothing about the endpoint.',
        params: endpointParams,
        response: {
          200: jsonResponse('What became of it', testResult),
          202: jsonResponse('Not known yet: the receiver will have got it, or will get it', testResult),
          ...problemResponses(...common),
        },
      },
    },
    async (request, reply) => {
      const { organization } = callerOf(request);
      const { id } = request.params;
      await requireEndpoint(dependencies, organization, id);
      // Before it is begun: none happens unnoted.
      await dependencies.repositories.administrativeActs.record({
        organization,
        ...actorOf(request),
        act: 'endpoint.tested',
        target: id,
      });
      const told = await dependencies.deliveryWorkflows.deliverNotice({
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
      if (!told) return reply.code(202).send({ delivered: false });
      return reply.send({ delivered: told.kind === 'accepted', answer: told.answer });
    },
  );
};

export const webhookEndpointActions = (api: Api, dependencies: ApiDependencies): void => {
  rotate(api, dependencies);
  replay(api, dependencies);
  test(api, dependencies);
};
