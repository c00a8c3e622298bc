/** /v1/webhooks/twilio: what became of a message, and what people write to us. */
import { z } from 'zod';
import { auditionIdSchema, participantIdSchema } from '../../../../domain/ids.ts';
import type { InboxEvent } from '../../../../domain/inbox-event.ts';
import {
  isSignedByTwilio,
  readForm,
  readInboundMessage,
  readStatusReport,
  type StatusReport,
  type TwilioWebhookRequest,
} from '../../../../providers/twilio/webhooks.ts';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { problemResponses } from '../../../schemas/responses.ts';
import { bodyOf, headerOf, mediaTypeOf, notAuthentic, readJson, storeWebhook } from './signed-request.ts';

/** Whose message it is, as the address says that we gave Twilio with the message (activities/messaging). */
const addressee = z.object({ audition: auditionIdSchema, participant: participantIdSchema });

interface ParsedWebhook {
  readonly dedupeKey: string;
  readonly inboxEvent: InboxEvent;
}

/** What is not final is not told: a signal and what follows it cost a dozen events, and nobody acts on `sent`. */
const isFinal = (status: StatusReport['status']): boolean => status === 'delivered' || status === 'failed';

/** What the signed address says needs no row: a report may come before the message is recorded, or in its place. */
const parseStatusReport = ({ deliveryId, status, code }: StatusReport, query: unknown): ParsedWebhook => {
  const of = addressee.safeParse(query).data;
  return {
    dedupeKey: `${deliveryId}:${status}`,
    inboxEvent: {
      kind: 'message.status',
      event: { deliveryId, channel: 'sms', status, ...(code && { code }), ...(of && { of }) },
    },
  };
};

/** Undefined for what no audition waits for. */
const parseWebhook = (fields: unknown, query: unknown): ParsedWebhook | undefined => {
  const report = readStatusReport(fields);
  if (report) return isFinal(report.status) ? parseStatusReport(report, query) : undefined;
  const message = readInboundMessage(fields);
  return (
    message && {
      dedupeKey: `${message.id}:received`,
      inboxEvent: { kind: 'message.received', event: message },
    }
  );
};

export const twilioWebhook = (api: Api, { configuration, repositories }: ApiDependencies): void => {
  const { publicUrl, twilio } = configuration;
  const authTokens = [twilio.authToken, ...(twilio.previousAuthToken ? [twilio.previousAuthToken] : [])];
  api.post(
    '/v1/webhooks/twilio',
    {
      schema: {
        operationId: 'twilioWebhook',
        tags: ['Webhooks'],
        summary: "Twilio's status callbacks and incoming messages",
        description:
          'Called by Twilio, which signs what it sends: a form, or JSON with its hash in the address.',
        security: [],
        consumes: ['application/x-www-form-urlencoded', 'application/json'],
        body: z.any().describe("The fields, as in Twilio's documentation"),
        response: {
          204: z.undefined().describe('Taken note of'),
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
        throw notAuthentic(request, 'twilio', 'forged');
      }
      const parsed = parseWebhook(isJson ? readJson(body) : form, request.query);
      if (!parsed) {
        request.log.debug({ provider: 'twilio', outcome: 'of_no_use' }, 'a webhook was taken');
        return reply.code(204).send();
      }
      const { inboxEvent, dedupeKey } = parsed;
      return storeWebhook(repositories, request, reply, { ...inboxEvent, provider: 'twilio', dedupeKey });
    },
  );
};
