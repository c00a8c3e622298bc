/** The word to the people: sending notices, and correcting what cannot be unsent. */
import type { OperationLedger } from '../../db/ledger/operations.ts';
import type { Channel } from '../../domain/audition/request.ts';
import type { CallContext } from '../../providers/ports.ts';
import type { MessagingActivities, RetractNoticeInput, SendNoticeInput, Undone } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { type Attempting, attemptingTo } from '../effects/call.ts';
import { effectOnce } from '../effects/effect-once.ts';
import { withHeartbeat } from '../effects/heartbeat.ts';
import { requireSettled } from '../effects/quiet.ts';
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

  const send = async (input: SendNoticeInput, attempting: Attempting): Promise<Sent> => {
    const { key, organization, auditionId, channel, notice, recipient, audition } = input;
    const { provider, operation, steps } = posts[channel];
    const { slot, revision } = audition;
    const request = { auditionId, channel, notice, participant: recipient.id, slot, revision };
    const effect = { key, organization, provider, operation, request };
    const sent = await effectOnce(ledger, effect, attempting, steps(input));
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

  const retract = async (input: RetractNoticeInput): Promise<Undone> => {
    const post = posts[input.channel];
    const attempting = attemptingTo(input, post.times);
    const barred = await Promise.all(input.sentAs.map((key) => bar(ledger, post, input, attempting, key)));
    // One deadline for all there is to do: looking and sending have to fit into one attempt.
    const call = attempting.startCall();
    const fates = await Promise.all(barred.map((one) => fateOf(post, input, one, call)));
    const arrived = fates.some(({ mayHaveArrived }) => mayHaveArrived);
    if (arrived) {
      await send({ ...input, notice: 'cancellation' }, { ...attempting, startCall: () => call });
    }
    // Only now: an attempt that crashed before this line asks again, and must get the same answers.
    const reached = fates.filter(({ mayHaveArrived }) => mayHaveArrived);
    for (const { key } of reached) await ledger.completeUndo(key);
    return { result: arrived ? 'undone' : 'nothing_to_undo' };
  };

  return {
    sendNotice: (input) => withHeartbeat(() => send(input, attemptingTo(input, posts[input.channel].times))),
    retractNotice: (input) => withHeartbeat(() => retract(input)),
  };
};

/** A notice that can be sent no more, and what the ledger knows of it. */
interface Barred {
  readonly key: string;
  readonly begun: Exclude<Awaited<ReturnType<OperationLedger['beginUndo']>>, { kind: 'busy' }>;
}

const bar = async (
  ledger: OperationLedger,
  { provider, operation }: Post,
  { organization }: RetractNoticeInput,
  { leaseMs }: Attempting,
  key: string,
): Promise<Barred> => {
  const begun = await ledger.beginUndo({ key, organization, provider, operation });
  if (begun.kind === 'busy') throw busy({ provider, operation }, begun.remainingMs, leaseMs);
  return { key, begun };
};

/**
 * Whether a barred notice may have been sent before. One that began and did not arrive stays half undone in the
 * ledger: were it closed, a repetition could not tell it from one that arrived.
 */
const fateOf = async (
  { provider, operation, mayHaveArrived }: Post,
  input: RetractNoticeInput,
  { key, begun }: Barred,
  call: CallContext,
): Promise<{ readonly key: string; readonly mayHaveArrived: boolean }> => {
  switch (begun.kind) {
    case 'nothing_to_undo':
      return { key, mayHaveArrived: begun.surplus.length > 0 };
    case 'happened':
    case 'undone_before':
      return { key, mayHaveArrived: true };
    case 'unknown': {
      if (begun.surplus.length > 0 || (await mayHaveArrived(key, input, begun.doubt, call))) {
        return { key, mayHaveArrived: true };
      }
      requireSettled({ key, organization: input.organization, provider, operation }, begun.doubt);
      return { key, mayHaveArrived: false };
    }
  }
};
