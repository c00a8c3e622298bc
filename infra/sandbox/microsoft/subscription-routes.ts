/** Serves subscriptions: https://learn.microsoft.com/graph/api/resources/subscription */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { readPreferences } from './preferences.ts';
import { readBody } from './request-body.ts';
import { renewalSchema, type Subscriptions, subscriptionBodySchema } from './subscriptions.ts';

interface SubscriptionPath {
  Params: { subscriptionId: string };
}

const path = '/v1.0/subscriptions';

/** Registers the routes. */
export const microsoftSubscriptionRoutes = (
  app: FastifyInstance,
  {
    subscriptions,
    accountOf,
  }: {
    readonly subscriptions: Subscriptions;
    /** Returns the account of the request. @throws {GraphError} 401, or 403 without the scope. */
    readonly accountOf: (request: FastifyRequest) => string;
  },
) => {
  app.post(path, { config: { operation: 'subscriptions.create' } }, async (request, reply) => {
    const { immutableIds } = readPreferences(request.headers.prefer);
    const body = readBody(subscriptionBodySchema, request.body);
    return reply.code(201).send(await subscriptions.create(accountOf(request), body, immutableIds));
  });

  app.get(path, { config: { operation: 'subscriptions.list' } }, (request) => ({
    value: subscriptions.list(accountOf(request)),
  }));

  app.get<SubscriptionPath>(
    `${path}/:subscriptionId`,
    { config: { operation: 'subscriptions.get' } },
    (request) => subscriptions.read(accountOf(request), request.params.subscriptionId),
  );

  app.patch<SubscriptionPath>(
    `${path}/:subscriptionId`,
    { config: { operation: 'subscriptions.update' } },
    (request) =>
      subscriptions.renew(
        accountOf(request),
        request.params.subscriptionId,
        readBody(renewalSchema, request.body),
      ),
  );

  app.post<SubscriptionPath>(
    `${path}/:subscriptionId/reauthorize`,
    { config: { operation: 'subscriptions.reauthorize' } },
    async (request, reply) => {
      subscriptions.reauthorize(accountOf(request), request.params.subscriptionId);
      return reply.code(204).send();
    },
  );

  app.delete<SubscriptionPath>(
    `${path}/:subscriptionId`,
    { config: { operation: 'subscriptions.delete' } },
    async (request, reply) => {
      subscriptions.remove(accountOf(request), request.params.subscriptionId);
      return reply.code(204).send();
    },
  );
};
