/**
 * /v1/webhooks/microsoft: receives change notifications of watched calendars and lifecycle notifications of
 * subscriptions.
 *
 * Graph treats any 2xx as delivered, and retries after any other response for up to four hours
 * (https://learn.microsoft.com/graph/change-notifications-delivery-webhooks). A request without any authentic
 * notification gets 401: if a subscription sends a notification before we have stored the subscription, Graph retries.
 * A request with at least one authentic notification gets 202, because a retry would not make the others authentic.
 */
import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { WatchSubscription } from '../../../../db/inbox/watch-subscriptions.ts';
import { keyWhileWaiting } from '../../../../db/inbox/webhooks.ts';
import {
  type GraphNotification,
  readNotifications,
  validationAnswer,
} from '../../../../providers/microsoft/webhooks.ts';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { problemResponses } from '../../../schemas/responses.ts';
import type { RefuseWebhook } from './refusals.ts';
import { bodyOf, invalidWebhookBody, readJson } from './signed-request.ts';

const query = z.object({
  validationToken: z
    .string()
    .min(1)
    .max(2_048)
    .optional()
    .describe('Sent by Microsoft with its validation request, and echoed'),
});

interface VerifiedNotification {
  readonly notification: GraphNotification;
  readonly watchSubscription: WatchSubscription;
}

/**
 * Lifecycle notifications have no ID. One is a duplicate of another that waits for its delivery. After that, the calendar was
 * or is being read, and what was missed since is not known.
 */
const dedupeKeyOf = ({ subscription, kind, identity }: GraphNotification): string => {
  if (identity !== undefined) return `${subscription}:${identity}`;
  if (kind === 'calendar.changed') return `${subscription}:${randomUUID()}`;
  return keyWhileWaiting(`${subscription}:${kind}`);
};

/** Registers the receiver. */
export const microsoftWebhook = (
  api: Api,
  { repositories }: ApiDependencies,
  refuse: RefuseWebhook,
): void => {
  const { watchSubscriptions, inbox } = repositories;

  const verifyAll = async (
    notifications: readonly GraphNotification[],
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<readonly VerifiedNotification[]> => {
    const claims = notifications.map(({ subscription: id, clientState: secret }) => ({ id, secret }));
    const found = await watchSubscriptions.verify('microsoft', claims);
    const authentic = notifications.flatMap((notification, index) => {
      const claim = found[index];
      return claim?.kind === 'authentic' ? [{ notification, watchSubscription: claim.subscription }] : [];
    });
    if (authentic.length === 0) {
      const isForged = found.every(({ kind }) => kind === 'forged');
      throw await refuse(request, reply, 'microsoft', isForged ? 'forged' : 'unknown_subscription');
    }
    const dropped = notifications.length - authentic.length;
    if (dropped > 0) request.log.warn({ provider: 'microsoft', dropped }, 'webhook partially rejected');
    return authentic;
  };

  const storeNotification = async (
    { notification, watchSubscription }: VerifiedNotification,
    correlationId: string,
  ) => {
    const { kind } = notification;
    const { id: subscription, connection, calendarId } = watchSubscription;
    if (kind === undefined) return 'ignored';
    const common = {
      provider: 'microsoft',
      dedupeKey: dedupeKeyOf(notification),
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
          'Called by Microsoft Graph with the clientState of the subscription. Also responds to its validation request.',
        security: [],
        consumes: ['application/json', 'text/plain'],
        querystring: query,
        body: z
          .any()
          .describe(
            "A collection of notifications, as in Microsoft's documentation. The validation request has no body",
          ),
        response: {
          200: {
            description: 'The validation token, echoed',
            content: { 'text/plain': { schema: z.string() } },
          },
          202: z.undefined().describe('Stored'),
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
      const authentic = await verifyAll(notifications, request, reply);
      await watchSubscriptions.markNotified(authentic.map(({ watchSubscription }) => watchSubscription.id));
      const outcomes = await Promise.all(
        authentic.map((notification) => storeNotification(notification, request.id)),
      );
      request.log.debug({ provider: 'microsoft', outcomes }, 'webhook received');
      return reply.code(202).send();
    },
  );
};
