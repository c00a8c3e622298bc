/**
 * Step 4 and later: sends notices to participants. Messages cannot be undone, so they come last. They are sent in the
 * background: nothing waits for a slow mail server, and a notice that fails waits for an operator alone.
 */
import { isCancellation, proxyActivities } from '@temporalio/workflow';
import {
  largestNoticeGroup,
  type MessagingActivities,
  type NoticeFacts,
  type NoticeToSend,
  type SendNoticesResult,
  textMessagesPerEmailGroup,
} from '../../../activities/contract.ts';
import type { AuditionFact, Meeting } from '../../../domain/audition/events.ts';
import type { Channel } from '../../../domain/audition/request.ts';
import type { ParticipantId } from '../../../domain/ids.ts';
import { channels } from '../../../domain/providers/vendors.ts';
import { queueOfChannel } from '../../task-queues.ts';
import { activityOptions } from '../activity-options.ts';
import { inChunks } from '../chunks.ts';
import type { NoticeBatch, OpenNotice } from '../open-notices.ts';
import { retryUntilResolved } from '../operator-retry.ts';
import type { AuditionRun } from '../run.ts';
import { isStepFailure } from '../step-failures.ts';
import { rememberSuppressed } from '../suppressed-addresses.ts';
import { recordDelivery } from './delivery.ts';

/** Starts to send the notice to each recipient on each channel. Does not wait. */
export const notify = (run: AuditionRun, batch: NoticeBatch): void => {
  const recipients = run.plan.participants.filter(({ id }) => !batch.to || batch.to.includes(id));
  const open = (channel: Channel): readonly OpenNotice[] =>
    recipients
      .filter((recipient) => recipient.channels.includes(channel))
      .map((recipient) => openNotice(run, batch, recipient.id, channel));
  for (const group of groupsOf(open('email'), open('sms'))) sendInBackground(run, group);
};

/**
 * Returns the notices in groups, each for one activity. Text messages join the groups of emails as far as the rates permit:
 * an activity, and often a workflow task, are saved for each notice of an audition.
 */
const groupsOf = (
  emails: readonly OpenNotice[],
  texts: readonly OpenNotice[],
): readonly (readonly OpenNotice[])[] => {
  const emailGroups = inChunks(emails, largestNoticeGroup - textMessagesPerEmailGroup);
  const joining = inChunks(
    texts.slice(0, emailGroups.length * textMessagesPerEmailGroup),
    textMessagesPerEmailGroup,
  );
  const left = texts.slice(emailGroups.length * textMessagesPerEmailGroup);
  return [
    ...emailGroups.map((group, index) => [...group, ...(joining[index] ?? [])]),
    ...inChunks(left, largestNoticeGroup),
  ];
};

/** Starts to send the notice to one recipient on one channel. Does not wait. */
export const notifyOne = (
  run: AuditionRun,
  batch: NoticeBatch,
  recipient: ParticipantId,
  channel: Channel,
): void => sendInBackground(run, [openNotice(run, batch, recipient, channel)]);

/** Sends notices that a move had withdrawn. */
export const sendAgain = (run: AuditionRun, withdrawn: readonly OpenNotice[]): void => {
  for (const notice of withdrawn) {
    run.openNotices.add(notice);
    sendInBackground(run, [notice]);
  }
};

const openNotice = (
  run: AuditionRun,
  batch: NoticeBatch,
  recipient: ParticipantId,
  channel: Channel,
): OpenNotice => {
  const key = run.idempotencyKeyOf(`${batch.notice}:${recipient}:${channel}:${batch.label}`);
  const notice = { key, batch, recipient, channel };
  run.openNotices.add(notice);
  registerRetraction(run, notice);
  return notice;
};

const sendInBackground = (run: AuditionRun, notices: readonly OpenNotice[]): void => {
  const [first] = notices;
  if (!first) return;
  void run.runInBackground(async (detach) => {
    detach();
    const unsent = await sendGroup(run, first, notices);
    await Promise.all(unsent.map((notice) => sendAlone(run, notice)));
  });
};

/** Tries each notice once, in one activity. Returns those that were not sent. */
const sendGroup = async (
  run: AuditionRun,
  { batch, channel: queue }: OpenNotice,
  notices: readonly OpenNotice[],
): Promise<readonly OpenNotice[]> => {
  const { revision } = run.journal.view;
  const toSend = notices.flatMap((notice) => addressed(run, notice));
  if (toSend.length === 0) return [];
  const result = await run.openNotices.untilWithdrawn(() => trySending(run, queue, batch, toSend));
  if (!result) return [];
  for (const { key, deliveryId } of result.sent) {
    const notice = notices.find((open) => open.key === key);
    if (notice) recordSent(run, notice, revision, deliveryId, 'applied');
  }
  return notices.filter(({ key }) => result.failed.some((failed) => failed.key === key));
};

/** Returns the result of the group. When the group itself fails, each notice counts as not sent. */
const trySending = async (
  run: AuditionRun,
  queue: Channel,
  batch: NoticeBatch,
  notices: readonly NoticeToSend[],
): Promise<SendNoticesResult> => {
  const { notice } = batch;
  const by = channels.filter((channel) => notices.some((one) => one.channel === channel)).join(' and ');
  const summary = `Send the ${notice} by ${by}: ${notices.length}`;
  const activities = messagingActivities(run, queue, summary, {
    isUrgent: notice === 'reminder',
    isSingleAttempt: true,
  });
  const audition = noticeFacts(run, batch);
  try {
    return await run.call((call) => activities.sendNotices({ ...call, notice, audition, notices }));
  } catch (error) {
    if (isCancellation(error) || !isStepFailure(error)) throw error;
    return { sent: [], failed: notices.map(({ key }) => ({ key, failure: { code: 'unexpected' } })) };
  }
};

const sendAlone = async (run: AuditionRun, notice: OpenNotice): Promise<void> => {
  const { batch, channel, key } = notice;
  const { revision } = run.journal.view;
  const outcome = await run.openNotices.untilWithdrawn(() =>
    retryUntilResolved(
      run,
      {
        step: batch.notice === 'reminder' ? 'reminder' : 'invitation',
        purpose: `send the ${batch.notice} to ${notice.recipient} by ${channel}`,
        hint: 'Retry to send it (again), skip when the participant has it or was informed otherwise, or abort.',
        actions: ['retry', 'skip', 'abort'],
        isBackground: true,
        isMoot: () => !isWanted(run, notice),
        isNeedless: ({ code }) => isNeedless(run, notice, code),
      },
      // Slot and link are read for each attempt: they can change while an operator is asked.
      async (isOperatorRetry) => {
        const [toSend] = addressed(run, notice);
        if (!toSend || !isWanted(run, notice)) return undefined;
        const activities = messagingActivities(
          run,
          channel,
          `Send the ${batch.notice} to ${toSend.recipient.kind} ${toSend.recipient.id}`,
          { isUrgent: batch.notice === 'reminder' },
        );
        return run.call((call) =>
          activities.sendNotice({
            ...call,
            ...toSend,
            notice: batch.notice,
            audition: noticeFacts(run, batch),
            isOperatorRetry,
          }),
        );
      },
    ),
  );
  // Withdrawn by a move, which sends the notice again when it is reverted.
  if (!outcome) return;
  if (outcome.kind === 'done' && outcome.result) {
    recordSent(run, notice, revision, outcome.result.deliveryId, 'recorded');
  }
  if (outcome.kind === 'needless') recordNeedless(run, notice, outcome.code);
  run.openNotices.remove(key);
};

/**
 * The activity found, at the moment of sending, that the notice states a slot or a link of the past, or is a reminder of
 * a slot that has begun.
 */
const needlessCodes: ReadonlySet<string> = new Set(['superseded', 'overdue']);

/** Returns whether a notice that could not be sent needs no operator. */
const isNeedless = (run: AuditionRun, notice: OpenNotice, code: string): boolean => {
  if (needlessCodes.has(code) || !isWanted(run, notice)) return true;
  return rememberSuppressed(run, notice, code) && notice.batch.notice === 'reminder';
};

/** Returns whether the notice is still open and its recipient takes part, under the address of before. */
const isWanted = (run: AuditionRun, notice: OpenNotice): boolean =>
  run.openNotices.has(notice.key) && addressed(run, notice).length > 0;

/** Records that a reminder was not sent in time. */
const recordNeedless = ({ journal, ending }: AuditionRun, { batch, recipient }: OpenNotice, code: string) => {
  if (batch.offsetMs === undefined || ending || (code !== 'overdue' && code !== 'superseded')) return;
  const participants = [recipient];
  journal.record({ type: 'reminder_dropped', offsetMs: batch.offsetMs, participants, reason: code });
};

/** Returns the notice with its recipient, or nothing when the recipient no longer takes part. */
const addressed = (run: AuditionRun, { key, recipient, channel }: OpenNotice): readonly NoticeToSend[] => {
  const participant = run.plan.participants.find(({ id }) => id === recipient);
  return participant ? [{ key, recipient: participant, channel, ...generationOf(run, recipient) }] : [];
};

const generationOf = (
  { journal }: AuditionRun,
  participant: ParticipantId,
): Pick<NoticeToSend, 'generation'> => {
  const generation = journal.view.participants.find(({ id }) => id === participant)?.generation;
  return generation === undefined ? {} : { generation };
};

/** @param how whether the activity has appended the fact to the trail, or the workflow must record it */
const recordSent = (
  run: AuditionRun,
  { key, batch, recipient, channel }: OpenNotice,
  revision: number,
  deliveryId: string,
  how: 'applied' | 'recorded',
): void => {
  const fact: AuditionFact = {
    type: 'notified',
    participant: recipient,
    channel,
    notice: batch.notice,
    revision,
    deliveryId,
  };
  if (how === 'applied') run.journal.applied([fact]);
  else run.journal.record(fact, { key });
  run.openNotices.remove(key);
  keepOnlyRetractionOf(run, recipient, channel, key);
  for (const report of run.earlyReports) {
    if (report.deliveryId === deliveryId) recordDelivery(run, report);
  }
};

const retractionId = (participant: ParticipantId, channel: Channel): string =>
  `retract:${participant}:${channel}`;

/** Registers the cancellation for a participant and channel. It is sent on the channels that earlier notices used. */
const registerRetraction = (run: AuditionRun, { key, recipient, channel }: OpenNotice): void => {
  const id = retractionId(recipient, channel);
  const before = run.saga.pending.find((entry) => entry.id === id);
  const sentAs = before?.kind === 'retract_notices' ? before.sentAs : [];
  if (sentAs.includes(key)) return;
  run.saga.register({
    id,
    stage: 'notices',
    kind: 'retract_notices',
    participant: recipient,
    channel,
    ...generationOf(run, recipient),
    sentAs: [...sentAs, key],
  });
};

/** One notice that was certainly sent is enough for a cancellation. The list then does not grow with each notice. */
const keepOnlyRetractionOf = (
  run: AuditionRun,
  participant: ParticipantId,
  channel: Channel,
  key: string,
): void => {
  const before = run.saga.pending.find(({ id }) => id === retractionId(participant, channel));
  if (before?.kind !== 'retract_notices') return;
  const isOpen = (sentAs: string) => run.openNotices.has(sentAs);
  run.saga.register({
    ...before,
    sentAs: before.sentAs.filter((sentAs) => sentAs === key || isOpen(sentAs)),
  });
};

/** Returns what a notice says about the audition. @throws TypeError when there is no slot yet */
export const noticeFacts = (
  { plan, journal }: AuditionRun,
  { reason, changed }: Pick<NoticeBatch, 'reason' | 'changed'> = {},
): NoticeFacts => {
  const { slot, revision, meeting } = journal.view;
  if (!slot) throw new TypeError('a notice needs a slot, but none is held yet');
  return {
    project: plan.project,
    role: plan.role,
    round: plan.round,
    slot,
    revision,
    ...(changed === 'backup' ? {} : joinFacts(plan, meeting)),
    notes: plan.notes,
    reason,
    changed,
    ...(changed === 'backup' ? { backup: plan.backup } : {}),
    sequence: journal.number,
  };
};

/** What a notice says about the meeting: the recipient's own join link, or the link of the meeting in older auditions. */
const joinFacts = (
  { joinLinks }: AuditionRun['plan'],
  meeting: Meeting | undefined,
): Pick<NoticeFacts, 'joinUrl' | 'joinLink'> => {
  if (!joinLinks) return { joinUrl: meeting?.joinUrl };
  return meeting ? { joinLink: true } : {};
};

/** A mail server can be slow to acknowledge the end of the message (RFC 5321, 4.5.3.2.6). */
const startToCloseTimeout: Readonly<Record<Channel, '65 seconds' | '15 seconds'>> = {
  email: '65 seconds',
  sms: '15 seconds',
};

/** Returns the messaging activities on the channel's task queue. */
export const messagingActivities = (
  run: AuditionRun,
  channel: Channel,
  summary: string,
  { isUrgent = false, isSingleAttempt = false }: { isUrgent?: boolean; isSingleAttempt?: boolean } = {},
) =>
  proxyActivities<MessagingActivities>({
    ...activityOptions(run, {
      queue: queueOfChannel(channel),
      summary,
      maximumInterval: '1 minute',
      isUrgent,
      isSingleAttempt,
    }),
    startToCloseTimeout: startToCloseTimeout[channel],
    heartbeatTimeout: '20 seconds',
  });
