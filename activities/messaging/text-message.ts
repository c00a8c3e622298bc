/** Sends notices by SMS. The delivery id of a text message is the provider's message id. */
import { textSegments } from '../../domain/budgets/text-segments.ts';
import { ProviderError } from '../../domain/errors.ts';
import { channelVendors } from '../../domain/providers/vendors.ts';
import { operationOf } from '../../providers/operations.ts';
import type { TextMessage } from '../../providers/ports.ts';
import type { SendNoticeInput } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { defaultCallTimeouts } from '../effects/attempt.ts';
import { textReference } from '../effects/deterministic-ids.ts';
import { type NoticeChannel, sentNoticeSchema } from './channel.ts';
import { renderTextMessage } from './render.ts';
import { responseRequestOf } from './response-request.ts';

const sendOperation = operationOf(channelVendors.sms.vendor, 'textMessages.send');

type Dependencies = Pick<ActivityDependencies, 'providers' | 'responseUrl' | 'publicUrl'>;

/**
 * Creates the SMS channel. Twilio has no idempotency keys, but it lists the sent messages. The body contains a
 * reference derived from our key, so an attempt finds the message of an earlier attempt or knows that there is none. Where
 * Twilio keeps no bodies, an operator decides.
 */
export const createTextMessageChannel = (dependencies: Dependencies): NoticeChannel => {
  const { textMessages } = dependencies.providers;
  return {
    provider: sendOperation.provider,
    operation: sendOperation.name,
    timeouts: defaultCallTimeouts,
    steps: (input, beforeHandOver) => ({
      kind: 'searched',
      result: sentNoticeSchema,
      providerId: ({ deliveryId }) => deliveryId,
      find: async ({ startedAt }, call) => {
        const message = await textMessages.find(searchCriteria(input.key, input), startedAt, call);
        if (message === 'unknown') return { kind: 'unknowable' };
        return message
          ? { kind: 'found', result: { deliveryId: message.id }, surplus: [] }
          : { kind: 'absent' };
      },
      perform: async (handOver, call) => {
        const message = await buildTextMessage(input, dependencies);
        await beforeHandOver(textSegments(message.body));
        await handOver();
        const { id } = await textMessages.send(message, call);
        return { deliveryId: id };
      },
    }),
    /** An unknown outcome counts as arrived: a needless cancellation is better than a performer at a cancelled audition. */
    mayHaveArrived: async (key, input, { startedAt }, call) =>
      (await textMessages.find(searchCriteria(key, input), startedAt, call)) !== undefined,
  };
};

/** Searches by the reference only, since text, language and link may have changed since the message was sent. */
const searchCriteria = (key: string, { recipient }: Pick<SendNoticeInput, 'recipient'>) => ({
  to: phoneNumberOf(recipient),
  reference: textReference(key),
});

const buildTextMessage = async (
  input: SendNoticeInput,
  { responseUrl, publicUrl }: Dependencies,
): Promise<TextMessage> => {
  const { key, notice, recipient, audition, auditionId } = input;
  const link = await responseUrl(responseRequestOf(input));
  const search = searchCriteria(key, { recipient });
  return {
    ...search,
    body: renderTextMessage({ kind: notice, recipient, audition, link }, search.reference),
    statusCallback: statusCallbackUrl(publicUrl, { auditionId, participant: recipient.id, key }),
  };
};

/**
 * By default, Twilio never repeats a report that the receiver refuses. The fragment is not sent and not signed.
 * Source: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
 */
const retriesOfReports = '#rc=5&rp=5xx,ct,rt';

/** Twilio signs the URL with each report, so a report names its audition even before the message is recorded here. */
const statusCallbackUrl = (
  publicUrl: string,
  {
    auditionId,
    participant,
    key,
  }: { readonly auditionId: string; readonly participant: string; readonly key: string },
): string =>
  `${publicUrl}/v1/webhooks/twilio?${new URLSearchParams({ audition: auditionId, participant, key }).toString()}${retriesOfReports}`;

const phoneNumberOf = ({ phone }: SendNoticeInput['recipient']): string => {
  if (phone !== undefined) return phone;
  const noNumber = { message: 'the participant has no phone number: add one or remove the SMS channel' };
  throw new ProviderError(sendOperation.provider, sendOperation.name, { kind: 'rejected_input' }, noNumber);
};
