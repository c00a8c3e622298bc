/** /v1/webhooks/mail/inbound: receives the email that a mail service forwards, as it was received. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { InboxEvent } from '../../../../domain/inbox-event.ts';
import {
  type InboundMail,
  isFromMailService,
  readInboundForm,
  readInboundMail,
} from '../../../../providers/smtp/inbound-webhooks.ts';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { problemResponses } from '../../../schemas/responses.ts';
import type { RefuseWebhook } from './refusals.ts';
import { bodyOf, invalidWebhookBody, mediaTypeOf, receiveWebhook } from './signed-request.ts';

/** An answer with the logos of a signature has some hundred kilobytes. Base64 and JSON make it a third larger. */
const largestBody = 5 * 1024 * 1024;
const mostRecipients = 100;

/**
 * Amazon SNS sends the name and password of an address (RFC 7617) when it is asked for them, and not before: "The client
 * service must be able to support the HTTP/1.1 401 Unauthorized header response"
 * (https://docs.aws.amazon.com/sns/latest/dg/sns-http-https-endpoint-as-subscriber.html).
 */
const basicChallenge = 'Basic realm="castmatch", charset="UTF-8"';

const description = `Called by a mail service with each email to MAIL_REPLY_ADDRESS: the message itself, a form of Mailgun
(\`body-mime\`) or SendGrid (\`email\`), or JSON of Postmark (\`RawEmail\`) or Amazon SES through SNS. The service
authenticates with MAIL_INBOUND_SECRET: HTTP Basic, a bearer token, Standard Webhooks, or the signature of Mailgun.`;

/** Registers the receiver. Answers 200: Mailgun and Postmark repeat a request that is answered otherwise. */
export const inboundMailWebhook = (
  api: Api,
  { configuration, repositories }: ApiDependencies,
  refuse: RefuseWebhook,
): void => {
  const secrets = configuration.smtp.replies?.secrets ?? [];
  api.post(
    '/v1/webhooks/mail/inbound',
    {
      bodyLimit: largestBody,
      onSend: async (_request, reply) => {
        if (reply.statusCode === 401) reply.header('WWW-Authenticate', basicChallenge);
      },
      schema: {
        operationId: 'inboundMailWebhook',
        tags: ['Webhooks'],
        summary: 'Received email, with the answers of calendar programs',
        description: description.replaceAll('\n', ' '),
        security: [],
        consumes: [
          'message/rfc822',
          'application/json',
          'multipart/form-data',
          'application/x-www-form-urlencoded',
          'text/plain',
        ],
        body: z.any().describe("The message (RFC 5322), or the fields of the service's documentation"),
        response: {
          200: z.object({}).describe('Stored, or ignored as irrelevant'),
          ...problemResponses('invalid_body', 'unauthenticated', 'body_too_large', 'unsupported_media_type'),
        },
      },
    },
    async (request, reply) => {
      if (secrets.length === 0) throw await refuse(request, reply, 'smtp', 'no_secret_configured');
      const inbound = { headers: request.headers, body: bodyOf(request), mediaType: mediaTypeOf(request) };
      const form = await readInboundForm(inbound);
      if (!isFromMailService(secrets, inbound, form)) throw await refuse(request, reply, 'smtp', 'forged');
      const mail = readInboundMail(inbound, form);
      if (!mail) throw invalidWebhookBody();
      if (mail.kind !== 'ignored') {
        await receiveWebhook(repositories, request, { ...toStored(mail), provider: 'smtp' });
      }
      return {};
    },
  );
};

/** The same message is stored once, whichever service sends it. */
const toStored = (
  mail: Exclude<InboundMail, { kind: 'ignored' }>,
): InboxEvent & { readonly dedupeKey: string } => {
  if (mail.kind === 'subscription') {
    const { confirmUrl } = mail;
    return { kind: 'mail.subscription', event: { confirmUrl }, dedupeKey: `subscription:${confirmUrl}` };
  }
  const { message, recipients } = mail;
  return {
    kind: 'mail.received',
    event: { message: message.toString('base64'), recipients: recipients.slice(0, mostRecipients) },
    dedupeKey: `mail:${createHash('sha256').update(message).digest('hex')}`,
  };
};
