/** /v1/webhooks/google: receives change notifications of watched calendars. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { WatchSubscription } from '../../../../db/inbox/watch-subscriptions.ts';
import { type ChannelMessage, readChannelMessage } from '../../../../providers/google/webhooks.ts';
import { watchEnd } from '../../../../providers/watch-end.ts';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { problemResponses } from '../../../schemas/responses.ts';
import type { RefuseWebhook } from './refusals.ts';
import { storeWebhook } from './signed-request.ts';

/** Registers the receiver. */
export const googleWebhook = (api: Api, { repositories }: ApiDependencies, refuse: RefuseWebhook): void => {
  const { watchSubscriptions, syncedCalendars } = repositories;

  /** Takes from the notification what the answer to the opening of its channel would have said, if that was lost. */
  const confirm = async (watched: WatchSubscription, message: ChannelMessage): Promise<void> => {
    if (watched.resourceId !== undefined) return;
    const { resourceId } = message;
    const expiresAt = watchEnd(message.expiresAt, watched.expiresAt);
    if (!(await watchSubscriptions.confirm(watched.id, { resourceId, expiresAt }))) return;
    const { connection, calendarId: calendar } = watched;
    await syncedCalendars.setPushError({ connection, calendar }, undefined);
  };
  api.post(
    '/v1/webhooks/google',
    {
      schema: {
        operationId: 'googleWebhook',
        tags: ['Webhooks'],
        summary: "Google's notifications of a calendar channel",
        description: 'Called by Google with the token of our channel. There is no body.',
        security: [],
        response: {
          204: z.undefined().describe('Stored'),
          ...problemResponses('unauthenticated', 'body_too_large', 'unsupported_media_type'),
        },
      },
    },
    async (request, reply) => {
      const message = readChannelMessage(request.headers);
      if (!message) throw await refuse(request, reply, 'google', 'forged');
      const { channel, token, resourceId, isOpening, messageNumber } = message;
      const [claim] = await watchSubscriptions.verify('google', [{ id: channel, secret: token }]);
      const watched = claim?.kind === 'authentic' ? claim.subscription : undefined;
      // The same refusal for an unknown channel, a wrong token and another resource, so that guessing reveals nothing.
      if (!watched || (watched.resourceId !== undefined && watched.resourceId !== resourceId)) {
        const reason = claim?.kind === 'forged' ? 'forged' : 'unknown_subscription';
        throw await refuse(request, reply, 'google', reason);
      }
      await watchSubscriptions.markNotified([channel]);
      await confirm(watched, message);
      if (isOpening) return reply.code(204).send();
      const { connection, calendarId } = watched;
      return storeWebhook(repositories, request, reply, {
        kind: 'calendar.changed',
        event: { connection, calendarId },
        provider: 'google',
        // Reading a calendar twice costs little, a missed change is an error.
        dedupeKey: `${channel}:${messageNumber ?? randomUUID()}`,
      });
    },
  );
};
