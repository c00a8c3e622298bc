/** /v1/webhooks/zoom: meetings that begin and end, recordings, and people who take our app away. */
import { z } from 'zod';
import { answerChallenge, readZoomEvent, verifyZoom } from '../../../../providers/zoom/webhooks.ts';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { problemResponses } from '../../../schemas/responses.ts';
import {
  bodyOf,
  headerOf,
  invalidWebhookBody,
  notAuthentic,
  readJson,
  storeWebhook,
} from './signed-request.ts';

const challengeAnswer = z.object({ plainToken: z.string(), encryptedToken: z.string() });

export const zoomWebhook = (api: Api, { configuration, repositories, now }: ApiDependencies): void => {
  const secrets = configuration.zoom.webhookSecrets;
  api.post(
    '/v1/webhooks/zoom',
    {
      schema: {
        operationId: 'zoomWebhook',
        tags: ['Webhooks'],
        summary: "Zoom's events",
        description: 'Called by Zoom, which signs what it sends; answers its challenge, too.',
        security: [],
        consumes: ['application/json'],
        body: z.any().describe("An event, as in Zoom's documentation"),
        response: {
          200: challengeAnswer.describe('The answer to a challenge'),
          204: z.undefined().describe('Taken note of'),
          ...problemResponses('invalid_body', 'unauthenticated', 'body_too_large', 'unsupported_media_type'),
        },
      },
    },
    async (request, reply) => {
      if (secrets.length === 0) throw notAuthentic(request, 'zoom', 'no_secret_configured');
      const verdict = verifyZoom({
        secrets,
        signature: headerOf(request, 'x-zm-signature'),
        timestamp: headerOf(request, 'x-zm-request-timestamp'),
        body: bodyOf(request),
        nowMs: Date.parse(now()),
      });
      if (verdict.kind !== 'authentic') throw notAuthentic(request, 'zoom', verdict.kind);
      const parsed = readZoomEvent(readJson(bodyOf(request)));
      switch (parsed?.kind) {
        case undefined:
          throw invalidWebhookBody();
        case 'challenge':
          return reply.code(200).send(answerChallenge(verdict.secret, parsed.plainToken));
        case 'of_no_use':
          return reply.code(204).send();
        case 'told': {
          const { told, dedupeKey } = parsed;
          return storeWebhook(repositories, request, reply, { ...told, provider: 'zoom', dedupeKey });
        }
      }
    },
  );
};
