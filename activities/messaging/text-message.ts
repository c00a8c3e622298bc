/** Notices by SMS. The delivery id of a text message is the provider's id of it. */
import { ProviderError } from '../../domain/errors.ts';
import { channelVendors } from '../../domain/providers/vendors.ts';
import { operationOf } from '../../providers/operations.ts';
import type { TextMessage } from '../../providers/ports.ts';
import type { SendNoticeInput } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { quickCalls } from '../effects/call.ts';
import { textReference } from '../effects/fingerprint.ts';
import { writeTextMessage } from './letter.ts';
import { type Post, sentSchema } from './post.ts';

const sendOperation = operationOf(channelVendors.sms.vendor, 'textMessages.send');

type Dependencies = Pick<ActivityDependencies, 'providers' | 'responseLink' | 'publicUrl'>;

/**
 * Twilio takes no idempotency key, but it lists what it has sent. The body carries a reference made from our key, so
 * an attempt that follows an unrecorded one finds its very message, or knows that there is none.
 */
export const createTextMessagePost = (dependencies: Dependencies): Post => {
  const { textMessages } = dependencies.providers;
  return {
    provider: sendOperation.provider,
    operation: sendOperation.name,
    times: quickCalls,
    steps: (input) => ({
      kind: 'searched',
      result: sentSchema,
      providerId: ({ deliveryId }) => deliveryId,
      find: async ({ startedAt }, call) => {
        const message = await textMessages.find(searchFor(input.key, input), startedAt, call);
        return message
          ? { kind: 'found', result: { deliveryId: message.id }, surplus: [] }
          : { kind: 'absent' };
      },
      perform: async (handOver, call) => {
        const message = writeMessage(input, dependencies);
        await handOver();
        const { id } = await textMessages.send(message, call);
        return { deliveryId: id };
      },
    }),
    mayHaveArrived: async (key, input, { startedAt }, call) =>
      (await textMessages.find(searchFor(key, input), startedAt, call)) !== undefined,
  };
};

/** The reference alone: what the message said, in which language, to which link, may have changed since. */
const searchFor = (key: string, { recipient }: Pick<SendNoticeInput, 'recipient'>) => ({
  to: numberOf(recipient),
  reference: textReference(key),
});

const writeMessage = (
  { key, notice, recipient, audition, auditionId, organization }: SendNoticeInput,
  { responseLink, publicUrl }: Dependencies,
): TextMessage => {
  const { revision } = audition;
  const link = responseLink({ organization, auditionId, participant: recipient.id, revision });
  const search = searchFor(key, { recipient });
  return {
    ...search,
    body: writeTextMessage({ kind: notice, recipient, audition, link }, search.reference),
    statusCallback: callbackAddress(publicUrl, { auditionId, participant: recipient.id, key }),
  };
};

/** Twilio signs the address with what it reports: a report finds its audition although we have recorded nothing yet. */
const callbackAddress = (
  publicUrl: string,
  {
    auditionId,
    participant,
    key,
  }: { readonly auditionId: string; readonly participant: string; readonly key: string },
): string =>
  `${publicUrl}/v1/webhooks/twilio?${new URLSearchParams({ audition: auditionId, participant, key }).toString()}`;

const numberOf = ({ phone }: SendNoticeInput['recipient']): string => {
  if (phone !== undefined) return phone;
  const nowhere = { message: 'the participant has no phone number' };
  throw new ProviderError(sendOperation.provider, sendOperation.name, { kind: 'rejected_input' }, nowhere);
};
