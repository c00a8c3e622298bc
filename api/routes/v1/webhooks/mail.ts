/** /v1/webhooks/mail: receives delivery reports of a mail service that signs with Standard Webhooks. */
import { z } from 'zod';
import { readMailEvent, verifyMail } from '../../../../providers/smtp/webhooks.ts';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { problemResponses } from '../../../schemas/responses.ts';
import type { RefuseWebhook } from './refusals.ts';
import { bodyOf, invalidWebhookBody, readJson, storeWebhook } from './signed-request.ts';

/** Registers the receiver. */
export const mailWebhook = (
  api: Api,
  { configuration, repositories }: ApiDependencies,
  refuse: RefuseWebhook,
): void => {
  const secrets = configuration.smtp.webhookSecrets;
  api.post(
    '/v1/webhooks/mail',
    {
      schema: {
        operationId: 'mailWebhook',
        tags: ['Webhooks'],
        summary: "The mail service's events",
        description: 'Called by the mail service, which signs its requests with Standard Webhooks.',
        security: [],
        consumes: ['application/json'],
        body: z.any().describe('An event of Resend or AhaSend, as in their documentation'),
        response: {
          204: z.undefined().describe('Stored, or ignored as irrelevant'),
          ...problemResponses('invalid_body', 'unauthenticated', 'body_too_large', 'unsupported_media_type'),
        },
      },
    },
    async (request, reply) => {
      if (secrets.length === 0) throw await refuse(request, reply, 'smtp', 'no_secret_configured');
      const verdict = verifyMail({ secrets, headers: request.headers, body: bodyOf(request) });
      if (verdict.kind === 'forged') throw await refuse(request, reply, 'smtp', 'forged');
      const parsed = readMailEvent(readJson(bodyOf(request)));
      if (!parsed) throw invalidWebhookBody();
      if (parsed.kind === 'ignored') return reply.code(204).send();
      const { deliveryId, status, code } = parsed;
      return storeWebhook(repositories, request, reply, {
        kind: 'message.status',
        event: { deliveryId, channel: 'email', status, ...(code && { code }) },
        provider: 'smtp',
        dedupeKey: verdict.id,
      });
    },
  );
};
