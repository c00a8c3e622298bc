/**
 * /v1/webhooks/microsoft: a calendar that we watch has changed, or something is the matter with a subscription.
 *
 * Graph takes any 2xx for delivered and repeats everything else for up to four hours
 * (https://learn.microsoft.com/graph/change-notifications-delivery-webhooks). A POST in which nothing is proven is
 * answered with 401: a forger gains nothing, and when a subscription notifies us before we have stored it, Graph comes
 * again. Where at least one is proven the answer is 202, since what was left out will not be proven later either.
 */
import { randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { WatchSubscription } from '../../../../db/inbox/watch-subscriptions.ts';
import {
  type GraphNotification,
  readNotifications,
  validationAnswer,
} from '../../../../providers/microsoft/webhooks.ts';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { problemResponses } from '../../../schemas/responses.ts';
import { bodyOf, invalidWebhookBody, notAuthentic, readJson } from './signed-request.ts';

const query = z.object({ validationToken: z.string().min(1).max(2_048).optional() });

/** Lifecycle events carry nothing that tells two apart: those of the same five minutes are taken for one. */
const lifecycleWindowMs = 5 * 60_000;

interface VerifiedNotification {
  readonly notification: GraphNotification;
  readonly watchSubscription: WatchSubscription;
}

const dedupeKeyOf = ({ subscription, kind, identity }: GraphNotification, nowMs: number): string => {
  if (identity !== undefined) return `${subscription}:${identity}`;
  if (kind === 'calendar.changed') return `${subscription}:${randomUUID()}`;
  return `${subscription}:${kind}:${Math.floor(nowMs / lifecycleWindowMs)}`;
};

export const microsoftWebhook = (api: Api, { repositories, now }: ApiDependencies): void => {
  const { watchSubscriptions, inbox } = repositories;

  const verifyAll = async (
    notifications: readonly GraphNotification[],
    request: FastifyRequest,
  ): Promise<readonly VerifiedNotification[]> => {
    const claims = notifications.map(({ subscription: id, clientState: secret }) => ({ id, secret }));
    const found = await watchSubscriptions.verify('microsoft', claims);
    const proven = notifications.flatMap((notification, index) => {
      const watchSubscription = found[index];
      return watchSubscription ? [{ notification, watchSubscription }] : [];
    });
    if (proven.length === 0) throw notAuthentic(request, 'microsoft', 'unknown_subscription');
    const dropped = notifications.length - proven.length;
    if (dropped > 0) request.log.warn({ provider: 'microsoft', dropped }, 'a part of a webhook was refused');
    return proven;
  };

  const storeNotification = async (
    { notification, watchSubscription }: VerifiedNotification,
    correlationId: string,
  ) => {
    const { kind } = notification;
    const { id: subscription, connection, calendarId } = watchSubscription;
    if (kind === undefined) return 'of_no_use';
    const common = {
      provider: 'microsoft',
      dedupeKey: dedupeKeyOf(notification, Date.parse(now())),
      correlationId,
    };
    return kind === 'calendar.changed'
      ? inbox.receive({ kind, event: { connection, calendarId }, ...common })
      : inbox.receive({ kind, event: { connection, calendarId, subscription }, ...common });
  };

  api.post(
    '/v1/webhooks/microsoft',
    {
      schema: {
        operationId: 'microsoftWebhook',
        tags: ['Webhooks'],
        summary: "Microsoft Graph's change and lifecycle notifications",
        description:
          'Called by Microsoft Graph, with the clientState of the subscription; answers its validation.',
        security: [],
        consumes: ['application/json', 'text/plain'],
        querystring: query,
        body: z.any().describe("A collection of notifications, as in Microsoft's documentation"),
        response: {
          200: {
            description: 'The validation token, echoed',
            content: { 'text/plain': { schema: z.string() } },
          },
          202: z.undefined().describe('Taken note of'),
          ...problemResponses('invalid_body', 'unauthenticated', 'body_too_large', 'unsupported_media_type'),
        },
      },
    },
    async (request, reply) => {
      const { validationToken } = request.query;
      if (validationToken !== undefined) {
        return reply.code(200).type('text/plain; charset=utf-8').send(validationAnswer(validationToken));
      }
      const notifications = readNotifications(readJson(bodyOf(request)));
      if (!notifications) throw invalidWebhookBody();
      const proven = await verifyAll(notifications, request);
      await watchSubscriptions.markNotified(proven.map(({ watchSubscription }) => watchSubscription.id));
      const outcomes = await Promise.all(proven.map((one) => storeNotification(one, request.id)));
      request.log.debug({ provider: 'microsoft', outcomes }, 'a webhook was taken');
      return reply.code(202).send();
    },
  );
};
