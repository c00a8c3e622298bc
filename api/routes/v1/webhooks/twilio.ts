/** /v1/webhooks/twilio: receives delivery reports of messages, and incoming messages. */
import { z } from 'zod';
import { auditionIdSchema, participantIdSchema } from '../../../../domain/ids.ts';
import type { InboxEvent } from '../../../../domain/inbox-event.ts';
import { textStatusEvent } from '../../../../domain/text-message-status.ts';
import {
  isSignedByTwilio,
  readForm,
  readInboundMessage,
  readStatusReport,
  type TwilioWebhookRequest,
} from '../../../../providers/twilio/webhooks.ts';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { problemResponses } from '../../../schemas/responses.ts';
import type { RefuseWebhook } from './refusals.ts';
import { bodyOf, headerOf, mediaTypeOf, readJson, storeWebhook } from './signed-request.ts';

/** The recipient of a message, from the query of the callback URL that we sent with it (activities/messaging). */
const addressee = z.object({ audition: auditionIdSchema, participant: participantIdSchema });

interface ParsedWebhook {
  readonly dedupeKey: string;
  readonly inboxEvent: InboxEvent;
}

/** Returns the webhook as an inbox event; undefined when it is irrelevant to auditions. */
const parseWebhook = (fields: unknown, query: unknown): ParsedWebhook | undefined => {
  const report = readStatusReport(fields);
  // The recipient is read from the signed URL, because a report can arrive before the message is recorded.
  if (report) return textStatusEvent(report, addressee.safeParse(query).data);
  const message = readInboundMessage(fields);
  return (
    message && {
      dedupeKey: `${message.id}:received`,
      inboxEvent: { kind: 'message.received', event: message },
    }
  );
};

/** Registers the receiver. */
export const twilioWebhook = (
  api: Api,
  { configuration, repositories }: ApiDependencies,
  refuse: RefuseWebhook,
): void => {
  const { publicUrl, twilio } = configuration;
  const authTokens = [twilio.authToken, ...(twilio.previousAuthToken ? [twilio.previousAuthToken] : [])];
  api.post(
    '/v1/webhooks/twilio',
    {
      schema: {
        operationId: 'twilioWebhook',
        tags: ['Webhooks'],
        summary: "Twilio's status callbacks and incoming messages",
        description: 'Called by Twilio, which signs its requests: a form, or JSON with its hash in the URL.',
        security: [],
        consumes: ['application/x-www-form-urlencoded', 'application/json'],
        body: z.any().describe("The fields, as in Twilio's documentation"),
        response: {
          204: z.undefined().describe('Stored, or ignored as irrelevant'),
          ...problemResponses('invalid_body', 'unauthenticated', 'body_too_large', 'unsupported_media_type'),
        },
      },
    },
    async (request, reply) => {
      const body = bodyOf(request);
      const isJson = mediaTypeOf(request) === 'application/json';
      const form = isJson ? {} : readForm(body.toString('utf8'));
      const content: TwilioWebhookRequest['content'] = isJson
        ? { kind: 'bytes', body }
        : { kind: 'form', fields: form };
      const signature = headerOf(request, 'x-twilio-signature');
      if (!isSignedByTwilio({ authTokens, signature, url: `${publicUrl}${request.url}`, content })) {
        throw await refuse(request, reply, 'twilio', 'forged');
      }
      const parsed = parseWebhook(isJson ? readJson(body) : form, request.query);
      if (!parsed) {
        request.log.debug({ provider: 'twilio', outcome: 'ignored' }, 'webhook received');
        return reply.code(204).send();
      }
      const { inboxEvent, dedupeKey } = parsed;
      return storeWebhook(repositories, request, reply, { ...inboxEvent, provider: 'twilio', dedupeKey });
    },
  );
};
