/** Notices by SMS. The delivery id of a text message is the provider's id of it. */
import type { NoticeKind } from '../../domain/audition/events.ts';
import { ProviderError } from '../../domain/errors.ts';
import type { TextMessage } from '../../providers/ports.ts';
import type { SendNoticeInput } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { textReference } from '../effects/fingerprint.ts';
import { writeTextMessage } from './letter.ts';
import { type Post, sentSchema } from './post.ts';

type Dependencies = Pick<ActivityDependencies, 'providers' | 'responseLink' | 'publicUrl'>;

/** What can have been sent before a cancellation. */
const retractable = ['invitation', 'update', 'reminder'] as const satisfies readonly NoticeKind[];

/**
 * Twilio takes no idempotency key, but it lists what it has sent. The body carries a reference made from our key, so
 * an attempt that follows an unrecorded one finds its very message, or knows that there is none.
 */
export const createTextMessagePost = (dependencies: Dependencies): Post => {
  const { textMessages } = dependencies.providers;
  return {
    provider: 'twilio',
    operation: 'textMessages.send',
    steps: (input, call) => ({
      result: sentSchema,
      providerId: ({ deliveryId }) => deliveryId,
      signal: call.signal,
      find: async ({ startedAt }) => {
        const message = await textMessages.find(writeMessage(input, dependencies), startedAt, call);
        return message ? { kind: 'found', result: { deliveryId: message.id } } : { kind: 'absent' };
      },
      perform: async () => {
        const { id } = await textMessages.send(writeMessage(input, dependencies), call);
        return { deliveryId: id };
      },
    }),
    /** What the key stood for is not known here, so each kind of notice is looked for. */
    mayHaveArrived: async (key, input, { startedAt }, call) => {
      for (const notice of retractable) {
        const message = writeMessage({ ...input, key, notice }, dependencies);
        if (await textMessages.find(message, startedAt, call)) return true;
      }
      return false;
    },
  };
};

const writeMessage = (
  { key, notice, recipient, audition, auditionId, organization }: SendNoticeInput,
  { responseLink, publicUrl }: Dependencies,
): TextMessage => {
  const { revision } = audition;
  const link = responseLink({ organization, auditionId, participant: recipient.id, revision });
  return {
    to: numberOf(recipient),
    body: writeTextMessage({ kind: notice, recipient, audition, link }, textReference(key)),
    statusCallback: `${publicUrl}/v1/webhooks/twilio`,
  };
};

const numberOf = ({ phone }: SendNoticeInput['recipient']): string => {
  if (phone !== undefined) return phone;
  const nowhere = { message: 'the participant has no phone number' };
  throw new ProviderError('twilio', 'textMessages.send', { kind: 'rejected_input' }, nowhere);
};
