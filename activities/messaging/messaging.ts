/** The word to the people: sending notices, and correcting what cannot be unsent. */
import type { OperationLedger } from '../../db/repositories.ts';
import type { Channel } from '../../domain/audition/request.ts';
import type { MessagingActivities, RetractNoticeInput, SendNoticeInput } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { callWithDeadline } from '../effects/call.ts';
import { effectOnce } from '../effects/effect-once.ts';
import { busy } from '../failures.ts';
import { createEmailPost } from './email.ts';
import type { Post, Sent } from './post.ts';
import { createTextMessagePost } from './text-message.ts';

export const createMessagingActivities = (dependencies: ActivityDependencies): MessagingActivities => {
  const { ledger, deliveries } = dependencies.repositories;
  const posts: Readonly<Record<Channel, Post>> = {
    email: createEmailPost(dependencies),
    sms: createTextMessagePost(dependencies),
  };

  const send = async (input: SendNoticeInput): Promise<Sent> => {
    const { key, organization, auditionId, channel, notice, recipient, audition } = input;
    const { provider, operation, steps } = posts[channel];
    const { slot, revision } = audition;
    const request = { auditionId, channel, notice, participant: recipient.id, slot, revision };
    const call = callWithDeadline(input.correlationId);
    const sent = await effectOnce(
      ledger,
      { key, organization, provider, operation, request },
      steps(input, call),
    );
    // After the record, and again on each repetition: a crash between the two must not lose the way back.
    await deliveries.put({
      id: sent.deliveryId,
      organization,
      auditionId,
      participant: recipient.id,
      channel,
    });
    return sent;
  };

  return {
    sendNotice: send,
    retractNotice: async (input: RetractNoticeInput) => {
      const post = posts[input.channel];
      const fates = await Promise.all(input.sentAs.map((key) => fateOf(ledger, post, input, key)));
      const arrived = fates.some(({ mayHaveArrived }) => mayHaveArrived);
      if (arrived) await send({ ...input, notice: 'cancellation' });
      // Only now: an attempt that crashed before this line asks again, and must get the same answers.
      const reached = fates.filter(({ mayHaveArrived }) => mayHaveArrived);
      for (const { key } of reached) await ledger.completeUndo(key);
      return { result: arrived ? 'undone' : 'nothing_to_undo' };
    },
  };
};

/**
 * Bars the notice from being sent later, and says whether it may have been sent before. A notice that began and did
 * not arrive stays half undone in the ledger: were it closed, a repetition could not tell it from one that arrived.
 */
const fateOf = async (
  ledger: OperationLedger,
  { provider, operation, mayHaveArrived }: Post,
  input: RetractNoticeInput,
  key: string,
): Promise<{ readonly key: string; readonly mayHaveArrived: boolean }> => {
  const begun = await ledger.beginUndo({ key, organization: input.organization, provider, operation });
  switch (begun.kind) {
    case 'nothing_to_undo':
      return { key, mayHaveArrived: false };
    case 'happened':
    case 'undone_before':
      return { key, mayHaveArrived: true };
    case 'busy':
      throw busy(provider, operation, begun.untilMs);
    case 'unknown': {
      const call = callWithDeadline(input.correlationId);
      return { key, mayHaveArrived: await mayHaveArrived(key, input, begun, call) };
    }
  }
};
