/** /v1/webhooks/twilio: what became of a message. */
import { z } from 'zod';
import { channels } from '../../../../domain/audition/request.ts';
import { Refusal } from '../../../../domain/errors.ts';
import { auditionIdSchema, participantIdSchema } from '../../../../domain/ids.ts';
import { isFromTwilio, readStatusReport, type StatusReport } from '../../../../providers/twilio/webhooks.ts';
import type { Api } from '../../../api.ts';
import type { ApiDependencies } from '../../../dependencies.ts';
import { problems } from '../../../schemas/problems.ts';

const notSigned = (): Refusal =>
  new Refusal(
    'unauthenticated',
    'The form does not carry the signature that Twilio would have given it.',
    'Check that TWILIO_AUTH_TOKEN is that of the account, and that PUBLIC_URL is the address Twilio was given.',
  );

const headers = z.object({ 'x-twilio-signature': z.string().optional() });
const form = z.record(z.string(), z.union([z.string(), z.array(z.string())]));
const nothing = z.undefined().describe('Taken note of');

/** Whose message it is, as the address says that we gave Twilio with the message (activities/messaging). */
const addressee = z.object({ audition: auditionIdSchema, participant: participantIdSchema });

/** What the signed address says needs no row: a report may come before the message is recorded, or in its place. */
const recipientOf = async ({ repositories }: ApiDependencies, deliveryId: string, query: unknown) => {
  const named = addressee.safeParse(query);
  if (named.success) {
    const { audition, participant } = named.data;
    return { auditionId: audition, participant, channel: 'sms' } as const;
  }
  const delivery = await repositories.deliveries.find(deliveryId);
  if (!delivery) return undefined;
  const { auditionId, participant, channel } = delivery;
  return {
    auditionId,
    participant: participantIdSchema.parse(participant),
    channel: z.enum(channels).parse(channel),
  };
};

/** What is not final is not told: a signal and what follows it cost a dozen events, and nobody acts on `sent`. */
const isFinal = (status: StatusReport['status']): boolean => status === 'delivered' || status === 'failed';

/**
 * Told to the audition the message belongs to. The workflow takes the same report twice without harm, and a report
 * about an audition that has ended changes nothing.
 */
const passOn = async (
  dependencies: ApiDependencies,
  { deliveryId, status, code }: StatusReport,
  query: unknown,
): Promise<'told' | 'on_its_way' | 'ended' | 'unknown'> => {
  if (!isFinal(status)) return 'on_its_way';
  const recipient = await recipientOf(dependencies, deliveryId, query);
  if (!recipient) return 'unknown';
  const { auditionId, participant, channel } = recipient;
  const report = { participant, channel, deliveryId, status, code };
  return (await dependencies.orchestration.reportDelivery(auditionId, report)) ? 'told' : 'ended';
};

export const twilioWebhook = (api: Api, dependencies: ApiDependencies): void => {
  const { publicUrl, twilio } = dependencies.configuration;
  api.post(
    '/v1/webhooks/twilio',
    {
      schema: {
        operationId: 'twilioWebhook',
        tags: ['Webhooks'],
        summary: "Twilio's status callbacks",
        description: 'Called by Twilio, which signs what it sends.',
        security: [],
        consumes: ['application/x-www-form-urlencoded'],
        headers,
        body: form,
        response: { 204: nothing, ...problems('invalid_body', 'unauthenticated', 'unsupported_media_type') },
      },
    },
    async (request, reply) => {
      const signed = {
        authToken: twilio.authToken,
        signature: request.headers['x-twilio-signature'],
        url: `${publicUrl}${request.url}`,
        form: request.body,
      };
      if (!isFromTwilio(signed)) throw notSigned();
      const report = readStatusReport(request.body);
      const outcome = report ? await passOn(dependencies, report, request.query) : 'no_report';
      request.log.info({ deliveryId: report?.deliveryId, status: report?.status, outcome }, 'twilio called');
      return reply.code(204).send();
    },
  );
};
