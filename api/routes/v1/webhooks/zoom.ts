/** /v1/webhooks/zoom: receives the start, end and deletion of meetings, recordings, and deauthorizations of our app. */
import { z } from 'zod';
import { answerChallenge, readZoomEvent, verifyZoom } from '../../../../providers/zoom/webhooks.ts';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { problemResponses } from '../../../schemas/responses.ts';
import type { RefuseWebhook } from './refusals.ts';
import { bodyOf, headerOf, invalidWebhookBody, readJson, storeWebhook } from './signed-request.ts';

const challengeAnswer = z
  .object({
    plainToken: z.string().describe('The token of the challenge'),
    encryptedToken: z
      .string()
      .describe('Its HMAC-SHA256 under the secret of the webhook, in hexadecimal digits'),
  })
  .meta({ id: 'ZoomChallengeAnswer', description: 'The answer to the challenge of Zoom' });

/** Registers the receiver. */
export const zoomWebhook = (
  api: Api,
  { configuration, repositories, now }: ApiDependencies,
  refuse: RefuseWebhook,
): void => {
  const secrets = configuration.zoom.webhookSecrets;
  api.post(
    '/v1/webhooks/zoom',
    {
      schema: {
        operationId: 'zoomWebhook',
        tags: ['Webhooks'],
        summary: "Zoom's events",
        description: 'Called by Zoom, which signs its requests. Also responds to its validation challenge.',
        security: [],
        consumes: ['application/json'],
        body: z.any().describe("An event, as in Zoom's documentation"),
        response: {
          200: challengeAnswer.describe('The response to a challenge'),
          204: z.undefined().describe('Stored, or ignored as irrelevant'),
          ...problemResponses('invalid_body', 'unauthenticated', 'body_too_large', 'unsupported_media_type'),
        },
      },
    },
    async (request, reply) => {
      if (secrets.length === 0) throw await refuse(request, reply, 'zoom', 'no_secret_configured');
      const verdict = verifyZoom({
        secrets,
        signature: headerOf(request, 'x-zm-signature'),
        timestamp: headerOf(request, 'x-zm-request-timestamp'),
        body: bodyOf(request),
        nowMs: Date.parse(now()),
      });
      if (verdict.kind !== 'authentic') throw await refuse(request, reply, 'zoom', verdict.kind);
      const parsed = readZoomEvent(readJson(bodyOf(request)));
      switch (parsed?.kind) {
        case undefined:
          throw invalidWebhookBody();
        case 'challenge':
          return reply.code(200).send(answerChallenge(verdict.secret, parsed.plainToken));
        case 'ignored':
          return reply.code(204).send();
        case 'event': {
          const { inboxEvent, dedupeKey } = parsed;
          return storeWebhook(repositories, request, reply, { ...inboxEvent, provider: 'zoom', dedupeKey });
        }
      }
    },
  );
};
