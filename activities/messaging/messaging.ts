/**
 * Sends notices to participants, and corrects sent notices with a cancellation, since a sent message cannot be
 * recalled.
 */
import type { OperationLedger } from '../../db/ledger/operations.ts';
import type { Channel } from '../../domain/audition/request.ts';
import type { CallContext } from '../../providers/ports.ts';
import type { MessagingActivities, RetractNoticeInput, SendNoticeInput, UndoResult } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { type AttemptContext, createAttemptContext, type UndoContext } from '../effects/attempt.ts';
import { type BegunUndo, beginUndo } from '../effects/begin-undo.ts';
import { effectOnce } from '../effects/effect-once.ts';
import { withHeartbeat } from '../effects/heartbeat.ts';
import { requireSettled } from '../effects/settle-window.ts';
import type { NoticeChannel, SentNotice } from './channel.ts';
import { createEmailChannel } from './email.ts';
import { createTextMessageChannel } from './text-message.ts';

/** Creates the messaging activities. Each is idempotent by its key. */
export const createMessagingActivities = (dependencies: ActivityDependencies): MessagingActivities => {
  const { ledger, noticeDeliveries } = dependencies.repositories;
  const channels: Readonly<Record<Channel, NoticeChannel>> = {
    email: createEmailChannel(dependencies),
    sms: createTextMessageChannel(dependencies),
  };

  const send = async (input: SendNoticeInput, context: AttemptContext): Promise<SentNotice> => {
    const { key, organization, auditionId, channel, notice, recipient, audition } = input;
    const { provider, operation, steps } = channels[channel];
    const { slot, revision } = audition;
    const request = { auditionId, channel, notice, participant: recipient.id, slot, revision };
    const effect = { key, organization, provider, operation, request };
    const sent = await effectOnce(ledger, effect, context, steps(input));
    // Written after the ledger and again on each repetition: after a crash between the two, the next attempt writes it.
    await noticeDeliveries.put({
      id: sent.deliveryId,
      organization,
      auditionId,
      participant: recipient.id,
      channel,
    });
    return sent;
  };

  const retract = async (input: RetractNoticeInput): Promise<UndoResult> => {
    const noticeChannel = channels[input.channel];
    const context = createAttemptContext(input, noticeChannel.timeouts);
    const blocked = await Promise.all(
      input.sentAs.map((key) => blockSending(ledger, noticeChannel, input, context, key)),
    );
    // One deadline for all calls: the searches and the cancellation must fit into one attempt.
    const call = context.startCall();
    const statuses = await Promise.all(
      blocked.map((notice) => deliveryStatusOf(noticeChannel, input, notice, call)),
    );
    const arrived = statuses.some(({ mayHaveArrived }) => mayHaveArrived);
    if (arrived) {
      await send({ ...input, notice: 'cancellation' }, { ...context, startCall: () => call });
    }
    // Completed last: an attempt after a crash repeats the searches and must get the same answers.
    const reached = statuses.filter(({ mayHaveArrived }) => mayHaveArrived);
    for (const { key } of reached) await ledger.completeUndo(key);
    return { result: arrived ? 'undone' : 'nothing_to_undo' };
  };

  return {
    sendNotice: (input) =>
      withHeartbeat(() => send(input, createAttemptContext(input, channels[input.channel].timeouts))),
    retractNotice: (input) => withHeartbeat(() => retract(input)),
  };
};

/** A notice that can no longer be sent, with its state in the ledger. */
interface BlockedNotice {
  readonly key: string;
  readonly begun: BegunUndo;
}

const blockSending = async (
  ledger: OperationLedger,
  { provider, operation }: NoticeChannel,
  { organization }: RetractNoticeInput,
  context: UndoContext,
  key: string,
): Promise<BlockedNotice> => ({
  key,
  begun: await beginUndo(ledger, { key, organization, provider, operation }, context),
});

/**
 * Returns whether a blocked notice may have arrived. The undo of a notice that did not arrive stays open in the
 * ledger: a repetition could not distinguish a completed undo from a notice that arrived.
 */
const deliveryStatusOf = async (
  { provider, operation, mayHaveArrived }: NoticeChannel,
  input: RetractNoticeInput,
  { key, begun }: BlockedNotice,
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
