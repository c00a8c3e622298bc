/**
 * Step 4 and later: sends notices to participants. Messages cannot be undone, so they come last. A notice that fails
 * waits for an operator in the background and does not delay the others.
 */
import { proxyActivities } from '@temporalio/workflow';
import type { MessagingActivities, NoticeFacts } from '../../../activities/contract.ts';
import type { NoticeKind } from '../../../domain/audition/events.ts';
import { correlatedIds } from '../../../domain/audition/plan.ts';
import type { Channel, Participant } from '../../../domain/audition/request.ts';
import type { ParticipantId } from '../../../domain/ids.ts';
import { queueOfChannel } from '../../task-queues.ts';
import { activityOptions } from '../activity-options.ts';
import { retryUntilResolved } from '../operator-retry.ts';
import type { AuditionRun } from '../run.ts';
import { recordDelivery } from './session.ts';

interface NoticeBatch {
  readonly notice: Exclude<NoticeKind, 'cancellation'>;
  /** Distinguishes this batch from others of the same kind in idempotency keys: `r1`, `r2:86400000`. */
  readonly label: string;
  /** The recipients. Default: all participants. */
  readonly to?: readonly ParticipantId[] | undefined;
  readonly reason?: string | undefined;
}

/** Sends the notice to each recipient on each channel. Resolves when each notice is sent or waits for an operator. */
export const notify = async (run: AuditionRun, batch: NoticeBatch): Promise<void> => {
  const recipients = run.plan.participants.filter(({ id }) => !batch.to || batch.to.includes(id));
  const messages = recipients.flatMap((recipient) =>
    recipient.channels.map((channel) => ({ recipient, channel })),
  );
  await Promise.all(
    messages.map(({ recipient, channel }) =>
      run.background.start((detach) => send(run, batch, recipient, channel, detach)),
    ),
  );
};

const send = async (
  run: AuditionRun,
  batch: NoticeBatch,
  recipient: Participant,
  channel: Channel,
  detach: () => void,
): Promise<void> => {
  const { plan, journal } = run;
  const key = run.idempotencyKeyOf(`${batch.notice}:${recipient.id}:${channel}:${batch.label}`);
  registerRetraction(run, recipient, channel, key);
  const revision = journal.view.revision;
  const audition = noticeFacts(run, batch.reason);
  const outcome = await retryUntilResolved(
    run,
    {
      step: batch.notice === 'reminder' ? 'reminder' : 'invitation',
      purpose: `send the ${batch.notice} to ${recipient.kind} ${recipient.id} by ${channel}`,
      hint: 'Retry to send it (again), skip when the participant has it or was informed otherwise, or abort.',
      actions: ['retry', 'skip', 'abort'],
      onAsked: detach,
      isBackground: true,
    },
    () =>
      messagingActivities(
        run,
        channel,
        `Send the ${batch.notice} to ${recipient.kind} ${recipient.id}`,
        batch.notice === 'reminder',
      ).sendNotice({
        ...correlatedIds(plan),
        key,
        channel,
        notice: batch.notice,
        recipient,
        audition,
      }),
  );
  if (outcome.kind !== 'done') return;
  const { deliveryId } = outcome.result;
  journal.record({
    type: 'notified',
    participant: recipient.id,
    channel,
    notice: batch.notice,
    revision,
    deliveryId,
  });
  for (const report of run.earlyReports) {
    if (report.deliveryId === deliveryId) recordDelivery(run, report);
  }
};

/** Registers the cancellation for a participant and channel. It is sent on the channels that earlier notices used. */
const registerRetraction = (
  run: AuditionRun,
  recipient: Participant,
  channel: Channel,
  key: string,
): void => {
  const id = `retract:${recipient.id}:${channel}`;
  const before = run.saga.pending.find((entry) => entry.id === id);
  const sentAs = before?.kind === 'retract_notices' ? before.sentAs : [];
  if (sentAs.includes(key)) return;
  run.saga.register({
    id,
    stage: 'notices',
    kind: 'retract_notices',
    participant: recipient.id,
    channel,
    sentAs: [...sentAs, key],
  });
};

/** Returns what a notice says about the audition. @throws TypeError when there is no slot yet */
export const noticeFacts = ({ plan, journal }: AuditionRun, reason?: string): NoticeFacts => {
  const { slot, revision, meeting } = journal.view;
  if (!slot) throw new TypeError('a notice needs a slot, but none is held yet');
  return {
    project: plan.project,
    role: plan.role,
    round: plan.round,
    slot,
    revision,
    joinUrl: meeting?.joinUrl,
    notes: plan.notes,
    reason,
  };
};

/** A mail server can be slow to acknowledge the end of the message (RFC 5321, 4.5.3.2.6). */
const startToCloseTimeout: Readonly<Record<Channel, '65 seconds' | '15 seconds'>> = {
  email: '65 seconds',
  sms: '15 seconds',
};

/** Returns the messaging activities on the channel's task queue. */
export const messagingActivities = (run: AuditionRun, channel: Channel, summary: string, isUrgent = false) =>
  proxyActivities<MessagingActivities>({
    ...activityOptions(run, {
      queue: queueOfChannel(channel),
      summary,
      maximumInterval: '1 minute',
      isUrgent,
    }),
    startToCloseTimeout: startToCloseTimeout[channel],
    heartbeatTimeout: '20 seconds',
  });
