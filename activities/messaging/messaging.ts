/**
 * Sends notices to participants, and corrects sent notices with a cancellation, since a sent message cannot be
 * recalled.
 */
import { cancellationSignal } from '@temporalio/activity';
import type { OperationLedger } from '../../db/ledger/operations.ts';
import type { Channel } from '../../domain/audition/request.ts';
import type { TrailFact } from '../../domain/audition/trail-facts.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { CallContext } from '../../providers/ports.ts';
import type {
  MessagingActivities,
  RetractNoticeInput,
  SendNoticeInput,
  SendNoticesInput,
  SendNoticesResult,
  UndoResult,
} from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { createAttemptContext, createGroupContext, type UndoContext } from '../effects/attempt.ts';
import { type BegunUndo, beginUndo } from '../effects/begin-undo.ts';
import { withHeartbeat } from '../effects/heartbeat.ts';
import { requireSettled } from '../effects/settle-window.ts';
import { toStepFailure } from '../step-failure.ts';
import { openTrail, type Trail } from '../trail/trail.ts';
import type { NoticeChannel, SentNotice } from './channel.ts';
import { createEmailChannel } from './email.ts';
import type { AppendFact } from './message-allowance.ts';
import { createNoticeSender } from './notice-sender.ts';
import { createAttemptToSend } from './refused-sender.ts';
import { createTextMessageChannel } from './text-message.ts';

/** Creates the messaging activities. Each is idempotent by its key. */
export const createMessagingActivities = (dependencies: ActivityDependencies): MessagingActivities => {
  const { ledger, events, senderAlerts } = dependencies.repositories;
  const attemptToSend = createAttemptToSend(senderAlerts);
  const channels: Readonly<Record<Channel, NoticeChannel>> = {
    email: createEmailChannel(dependencies),
    sms: createTextMessageChannel(dependencies),
  };

  const send = createNoticeSender(dependencies, channels);

  const sendAlone = async (input: SendNoticeInput): Promise<SentNotice> => {
    const trail = await openTrail(events, input);
    const { isOperatorRetry } = input;
    const context = createAttemptContext(input, channels[input.channel].timeouts);
    return send(input, { ...context, isOperatorRetry }, appendTo(trail));
  };

  const sendEach = async (input: SendNoticesInput): Promise<SendNoticesResult> => {
    const trail = await openTrail(events, input);
    const { notices, ...common } = input;
    const facts: TrailFact[] = [];
    const sendOne = async (one: SendNoticeInput): Promise<NoticeOutcome> => {
      try {
        const context = createGroupContext(input, channels[one.channel].timeouts);
        const sent = await send(one, context, appendTo(trail));
        facts.push(notifiedFact(one, sent));
        return { key: one.key, ...sent };
      } catch (error) {
        return { key: one.key, failure: toStepFailure(error) };
      }
    };
    const outcomes = await Promise.all(notices.map((notice) => sendOne({ ...common, ...notice })));
    if (facts.length > 0) await trail.append({ facts });
    const failed = outcomes.filter((outcome) => 'failure' in outcome);
    // A cancelled activity ends as cancelled, unless there is nothing left to cancel.
    if (failed.length > 0) cancellationSignal().throwIfAborted();
    return { sent: outcomes.filter((outcome) => 'deliveryId' in outcome), failed };
  };

  const retract = async (input: RetractNoticeInput): Promise<UndoResult> => {
    const trail = await openTrail(events, input);
    const { cancelOn = input.channel, ...ofNotices } = input;
    const noticeChannel = channels[input.channel];
    const context = createAttemptContext(input, channels[cancelOn].timeouts);
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
      const cancelling = { ...context, startCall: () => call };
      const cancellation = {
        ...ofNotices,
        channel: cancelOn,
        corrects: input.channel,
        notice: 'cancellation',
      } as const;
      await send(cancellation, cancelling, appendTo(trail));
    }
    // Completed last: an attempt after a crash repeats the searches and must get the same answers.
    for (const { key, mayHaveArrived } of statuses) {
      await ledger.completeUndo(key, mayHaveArrived ? 'undone' : 'nothing_to_undo');
    }
    return { result: arrived ? 'undone' : 'nothing_to_undo' };
  };

  return {
    sendNotice: (input) => withHeartbeat(() => attemptToSend(input, () => sendAlone(input))),
    sendNotices: (input) => withHeartbeat(() => sendEach(input)),
    retractNotice: (input) => withHeartbeat(() => attemptToSend(input, () => retract(input))),
  };
};

const appendTo =
  (trail: Trail): AppendFact =>
  (fact) =>
    trail.append({ facts: [fact] });

type NoticeOutcome = SendNoticesResult['sent'][number] | SendNoticesResult['failed'][number];

/** The fact that a notice was sent, under the key of the notice: a repetition appends nothing. */
const notifiedFact = (
  {
    key,
    correlationId,
    recipient,
    channel,
    addressNumber,
    notice,
    audition: { revision, changed },
  }: SendNoticeInput,
  { deliveryId }: SentNotice,
): TrailFact => ({
  key,
  at: toInstant(Date.now()),
  correlationId,
  fact: {
    type: 'notified',
    participant: recipient.id,
    channel,
    notice,
    revision,
    deliveryId,
    ...(changed ? { changed } : {}),
    ...(addressNumber === undefined ? {} : { addressNumber }),
  },
});

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

/** Returns whether a blocked notice may have arrived. */
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
