/** Notices by SMS. The delivery id of a text message is the provider's id of it. */
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

const sendOperation = operationOf(channelVendors.sms.vendor, 'textMessages.send');

type Dependencies = Pick<ActivityDependencies, 'providers' | 'responseLink' | 'publicUrl'>;

/**
 * Twilio takes no idempotency key, but it lists what it has sent. The body carries a reference made from our key, so
 * an attempt that follows an unrecorded one finds its very message, or knows that there is none.
 */
export const createTextMessageChannel = (dependencies: Dependencies): NoticeChannel => {
  const { textMessages } = dependencies.providers;
  return {
    provider: sendOperation.provider,
    operation: sendOperation.name,
    timeouts: defaultCallTimeouts,
    steps: (input) => ({
      kind: 'searched',
      result: sentNoticeSchema,
      providerId: ({ deliveryId }) => deliveryId,
      find: async ({ startedAt }, call) => {
        const message = await textMessages.find(searchCriteria(input.key, input), startedAt, call);
        return message
          ? { kind: 'found', result: { deliveryId: message.id }, surplus: [] }
          : { kind: 'absent' };
      },
      perform: async (handOver, call) => {
        const message = buildTextMessage(input, dependencies);
        await handOver();
        const { id } = await textMessages.send(message, call);
        return { deliveryId: id };
      },
    }),
    mayHaveArrived: async (key, input, { startedAt }, call) =>
      (await textMessages.find(searchCriteria(key, input), startedAt, call)) !== undefined,
  };
};

/** The reference alone: what the message said, in which language, to which link, may have changed since. */
const searchCriteria = (key: string, { recipient }: Pick<SendNoticeInput, 'recipient'>) => ({
  to: phoneNumberOf(recipient),
  reference: textReference(key),
});

const buildTextMessage = (
  { key, notice, recipient, audition, auditionId, organization }: SendNoticeInput,
  { responseLink, publicUrl }: Dependencies,
): TextMessage => {
  const { revision } = audition;
  const link = responseLink({ organization, auditionId, participant: recipient.id, revision });
  const search = searchCriteria(key, { recipient });
  return {
    ...search,
    body: renderTextMessage({ kind: notice, recipient, audition, link }, search.reference),
    statusCallback: statusCallbackUrl(publicUrl, { auditionId, participant: recipient.id, key }),
  };
};

/** Twilio signs the address with what it reports: a report finds its audition although we have recorded nothing yet. */
const statusCallbackUrl = (
  publicUrl: string,
  {
    auditionId,
    participant,
    key,
  }: { readonly auditionId: string; readonly participant: string; readonly key: string },
): string =>
  `${publicUrl}/v1/webhooks/twilio?${new URLSearchParams({ audition: auditionId, participant, key }).toString()}`;

const phoneNumberOf = ({ phone }: SendNoticeInput['recipient']): string => {
  if (phone !== undefined) return phone;
  const nowhere = { message: 'the participant has no phone number' };
  throw new ProviderError(sendOperation.provider, sendOperation.name, { kind: 'rejected_input' }, nowhere);
};
