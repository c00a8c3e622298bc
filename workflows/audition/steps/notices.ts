/**
 * Step 4 and later: sends notices to participants. Messages cannot be undone, so they come last. They are sent in the
 * background: nothing waits for a slow mail server, and a notice that fails waits for an operator alone.
 */

import { isCancellation, patched } from '@temporalio/workflow';
import {
  type NoticeFacts,
  type NoticeToSend,
  type SendNoticesResult,
  type StepFailure,
} from '../../../activities/contract.ts';
import { fallbackFor } from '../../../domain/audition/cast-difference.ts';
import type { AuditionFact } from '../../../domain/audition/events.ts';
import type { Meeting } from '../../../domain/audition/meeting.ts';
import { addressNumberOf } from '../../../domain/audition/notice-address.ts';
import type { Channel } from '../../../domain/audition/request.ts';
import { hasWritableCalendar } from '../../../domain/audition/writable-calendar.ts';
import type { ParticipantId } from '../../../domain/ids.ts';
import { channels } from '../../../domain/providers/vendors.ts';
import { entryIsSurplus, isEntryByEmail, noEntryPatch, takeMovedEntries } from '../email-entries.ts';
import { labelText, readLabel } from '../label.ts';
import { messagingActivities } from '../messaging-activities.ts';
import { groupsOf } from '../notice-groups.ts';
import type { NoticeBatch, OpenNotice } from '../open-notices.ts';
import { retryUntilResolved } from '../operator-retry.ts';
import { isForbiddenCountry, isRefusedByLimits } from '../refused-by-limits.ts';
import { canWaitForSender, isRefusedSender } from '../refused-sender.ts';
import type { AuditionRun } from '../run.ts';
import { isStepFailure } from '../step-failures.ts';
import { isSuppressingCode, rememberForbidden, rememberSuppressed } from '../suppressed-addresses.ts';
import { isUnsupportedAddress, unsupportedAddressPatch } from '../unsupported-addresses.ts';
import { mayFallBack, recordDelivery, type SendInstead, undeliveredNoticePatch } from './delivery.ts';

/** Starts to send the notice to each recipient on each channel. Does not wait. */
export const notify = (run: AuditionRun, batch: NoticeBatch): void => {
  const recipients = run.plan.participants.filter(({ id }) => !batch.to || batch.to.includes(id));
  const open = (channel: Channel): readonly OpenNotice[] =>
    recipients
      .filter((recipient) => recipient.channels.includes(channel))
      .map((recipient) => openNotice(run, batch, recipient.id, channel));
  for (const group of groupsOf(open('email'), open('sms'))) sendInBackground(run, group);
};

/** Starts to send the notice to one recipient on one channel. Does not wait. */
export const notifyOne = (
  run: AuditionRun,
  batch: NoticeBatch,
  recipient: ParticipantId,
  channel: Channel,
): void => sendInBackground(run, [openNotice(run, batch, recipient, channel)]);

/**
 * Sends a notice that was not delivered on another channel. Does not wait. Under the same key when the same notice is
 * handled again, also after a take-over. It states the slot and the link that are known then. In earlier versions, the key had the
 * place of the notice in the view, which the trail does not keep, and each update announced a new time.
 */
export const sendInstead: SendInstead = (
  run,
  { deliveryId, participant, notice, revision, changed },
  channel,
): void => {
  if (notice === 'cancellation') return;
  const labelOf = (undelivered: string | number) => labelText({ kind: 'instead', revision, undelivered });
  if (patched(undeliveredNoticePatch)) {
    notifyOne(run, { notice, label: labelOf(deliveryId), changed }, participant, channel);
    return;
  }
  const number = run.journal.view.notices.findIndex((sent) => sent.deliveryId === deliveryId);
  notifyOne(run, { notice, label: labelOf(number) }, participant, channel);
};

/** Sends notices that a move had withdrawn. They state the slot of now. */
export const sendAgain = (run: AuditionRun, withdrawn: readonly OpenNotice[]): void => {
  for (const notice of withdrawn) {
    run.openNotices.add(notice);
    sendInBackground(run, [notice]);
  }
};

/** In earlier versions, the notice that an entry has moved did not follow the event, and was sent again after each move. */
export const movedEntryFollowsEventPatch = 'moved-entry-follows-event';

/**
 * Starts to notify those whose entry was made by email, and whose event is in the connected calendar now. The activity sends
 * nothing when no email has made an entry.
 * @param after the email that has made the entry, when it was sent after the event was written. It distinguishes the idempotency key
 */
export const announceMovedEntries = (run: AuditionRun, after?: string): void => {
  const moved = takeMovedEntries(run);
  if (moved.length === 0 || run.ending || !patched(movedEntryFollowsEventPatch)) return;
  const { journal } = run;
  const { revision, participants } = journal.view;
  for (const { id, channels } of run.plan.participants) {
    if (!moved.includes(id) || !channels.includes('email')) continue;
    const planned = participants.find((participant) => participant.id === id)?.entryNotice;
    const label = entryLabel(planned, { revision, number: journal.number, after });
    notifyOne(run, movedEntryNotice(label), id, 'email');
  }
};

/** @param planned the label in the view. One of another revision is out of date */
const entryLabel = (
  planned: string | undefined,
  present: { readonly revision: number; readonly number: number; readonly after?: string | undefined },
): string => {
  const label = planned === undefined ? undefined : readLabel(planned);
  return label?.kind === 'added' && label.revision === present.revision
    ? labelText({ ...label, after: present.after })
    : labelText({ kind: 'entry', ...present });
};

/** @param label distinguishes the idempotency key. After a take-over, the view has it */
export const movedEntryNotice = (label: string) =>
  ({ notice: 'update', label, changed: 'calendar' }) as const;

/** @param label that of the mark in the view */
export const dueEntryNotice = (label: string) =>
  ({
    notice: 'update',
    label,
    changed: readLabel(label)?.kind === 'rejoined' ? 'rejoined' : 'calendar',
  }) as const;

const openNotice = (
  run: AuditionRun,
  batch: NoticeBatch,
  recipient: ParticipantId,
  channel: Channel,
): OpenNotice => {
  const key = run.idempotencyKeyOf(`${batch.notice}:${recipient}:${channel}:${batch.label}`);
  const notice = { key, batch, recipient, channel };
  run.openNotices.add(notice);
  const hasNoEntry = channel === 'email' && isEntryDeclined(run, recipient) && patched(noEntryPatch);
  // A participant who has declined needs no cancellation, and has no entry to remove.
  if (!hasNoEntry) registerRetraction(run, notice);
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
    if (!notice) continue;
    recordSent(run, notice, { revision, deliveryId, sent: toSend, how: 'applied' });
    correctEntry(run, notice, toSend);
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
    isUrgent: isUrgent(batch),
    isSingleAttempt: true,
  });
  const audition = factsOf(run, batch);
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
  let sentAs: readonly NoticeToSend[] = [];
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
        isNeedless: (failure) => isNeedless(run, notice, failure),
      },
      // Slot and link are read for each attempt: they can change while an operator is asked.
      async (isOperatorRetry, alertsAbout) => {
        const [toSend] = addressed(run, notice);
        if (!toSend || !isWanted(run, notice)) return undefined;
        sentAs = [toSend];
        const activities = messagingActivities(
          run,
          channel,
          `Send the ${batch.notice} to ${toSend.recipient.kind} ${toSend.recipient.id}`,
          { isUrgent: isUrgent(batch) },
        );
        const audition = factsOf(run, batch);
        return run.call((call) =>
          activities.sendNotice({
            ...call,
            ...toSend,
            notice: batch.notice,
            audition,
            isOperatorRetry,
            ...(alertsAbout === undefined ? {} : { alertsAbout }),
          }),
        );
      },
    ),
  );
  // Withdrawn by a move, which sends the notice again when it is reverted.
  if (!outcome) return;
  if (outcome.kind === 'done' && outcome.result) {
    const { deliveryId } = outcome.result;
    recordSent(run, notice, { revision, deliveryId, sent: sentAs, how: 'recorded' });
    correctEntry(run, notice, sentAs);
  }
  if (outcome.kind === 'needless') {
    recordNeedless(run, notice, outcome.code);
    sendOnFallback(run, notice, outcome.code);
  }
  run.openNotices.remove(key);
};

/**
 * The activity found, at the moment of sending, that the notice states a slot or a link of the past, or is a reminder of
 * a slot that has begun.
 */
const needlessCodes: ReadonlySet<string> = new Set(['superseded', 'overdue']);

/** Returns whether a notice that could not be sent needs no operator. */
const isNeedless = (run: AuditionRun, notice: OpenNotice, failure: StepFailure): boolean => {
  const { code } = failure;
  if (needlessCodes.has(code) || !isWanted(run, notice)) return true;
  if (canWaitForSender(run, failure)) return false;
  if (leadsToFallback(code) && fallbackOf(run, notice) !== undefined) return true;
  const isReminder = notice.batch.notice === 'reminder';
  if (isForbiddenCountry(code))
    return rememberForbidden(run, notice) && isReminder && patched(askOnceAboutCountryPatch);
  if (isUnsupportedAddress(code) && patched(unsupportedAddressPatch))
    return rememberForbidden(run, notice) && isReminder;
  return rememberSuppressed(run, notice, code) && isReminder;
};

/** In earlier versions, an operator was asked about each reminder to a number of a country to which nothing is sent. */
const askOnceAboutCountryPatch = 'ask-once-about-a-country';

/** In earlier versions, an operator was asked about these. Called only for such a notice: the others have no marker. */
const budgetFallbackPatch = 'fallback-when-a-budget-is-spent';

/** In earlier versions, an operator was asked about these. */
const senderFallbackPatch = 'fallback-when-a-sender-is-refused';

/** Returns whether the channel cannot be used, so that the notice is sent on the fallback channel. */
const leadsToFallback = (code: string): boolean =>
  isSuppressingCode(code) ||
  (isRefusedByLimits(code) && patched(budgetFallbackPatch)) ||
  (isUnsupportedAddress(code) && patched(unsupportedAddressPatch)) ||
  (isRefusedSender(code) && patched(senderFallbackPatch));

const fallbackOf = (
  { plan }: AuditionRun,
  { batch, recipient, channel }: OpenNotice,
): Channel | undefined => {
  const participant = plan.participants.find(({ id }) => id === recipient);
  const fallback = participant && fallbackFor(participant, channel);
  return fallback && mayFallBack(batch) ? fallback : undefined;
};

/** Sends a notice on the fallback channel that was not sent, because nothing is sent to its address. */
const sendOnFallback = (run: AuditionRun, notice: OpenNotice, code: string): void => {
  const channel = fallbackOf(run, notice);
  if (!channel || !leadsToFallback(code) || !isWanted(run, notice)) return;
  notifyOne(run, notice.batch, notice.recipient, channel);
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

/** The session of another meeting begins soon. */
const isUrgent = ({ notice, changed }: NoticeBatch): boolean =>
  notice === 'reminder' || changed === 'meeting';

/** Returns the notice with its recipient, or nothing when the recipient no longer takes part. */
const addressed = (run: AuditionRun, { key, recipient, channel }: OpenNotice): readonly NoticeToSend[] => {
  const participant = run.plan.participants.find(({ id }) => id === recipient);
  if (!participant) return [];
  const addressNumber = addressNumberOf(run.journal.view, recipient, channel);
  const toSend = { key, recipient: participant, channel, addressNumber, ...generationOf(run, recipient) };
  if (isEntryDeclined(run, recipient)) return [{ ...toSend, isEntryDeclined: true as const }];
  const isByEmail = hasWritableCalendar(participant) && isEntryByEmail(run, participant);
  return [{ ...toSend, ...(isByEmail ? { isEntryByEmail: true as const } : {}) }];
};

/**
 * Returns whether an email has removed the entry of the participant, who has declined outside the calendar program. The entry of a
 * performer stays until the decline is final.
 */
export const isEntryDeclined = ({ journal }: AuditionRun, recipient: ParticipantId): boolean =>
  journal.view.participants.some(
    ({ id, kind, answer, entryDeclined }) =>
      id === recipient && kind !== 'performer' && answer === 'declined' && !entryDeclined,
  );

/**
 * Removes the entry that an email has made beside the event in the connected calendar: the event was written, or its calendar
 * connected, while the email was being sent.
 */
const correctEntry = (
  run: AuditionRun,
  { key, batch, channel }: OpenNotice,
  sent: readonly NoticeToSend[],
): void => {
  if (batch.notice === 'reminder' || channel !== 'email') return;
  for (const one of sent.filter((notice) => notice.key === key)) {
    const present = run.plan.participants.find(
      ({ id, email }) => id === one.recipient.id && email === one.recipient.email,
    );
    const hasMadeEntry =
      !one.isEntryDeclined && (one.isEntryByEmail === true || !hasWritableCalendar(one.recipient));
    if (!present || !hasMadeEntry || isEntryByEmail(run, present)) continue;
    entryIsSurplus(run, present.id);
    announceMovedEntries(run, `${batch.notice}-${batch.label}`);
  }
};

const generationOf = (
  { journal }: AuditionRun,
  participant: ParticipantId,
): Pick<NoticeToSend, 'generation'> => {
  const generation = journal.view.participants.find(({ id }) => id === participant)?.generation;
  return generation === undefined ? {} : { generation };
};

interface Sent {
  readonly revision: number;
  readonly deliveryId: string;
  /** What the activity has got. */
  readonly sent: readonly NoticeToSend[];
  /** Whether the activity has appended the fact to the trail, or the workflow must record it. */
  readonly how: 'applied' | 'recorded';
}

const recordSent = (
  run: AuditionRun,
  { key, batch, recipient, channel }: OpenNotice,
  { revision, deliveryId, sent, how }: Sent,
): void => {
  const addressNumber = sent.find((notice) => notice.key === key)?.addressNumber;
  const fact: AuditionFact = {
    type: 'notified',
    participant: recipient,
    channel,
    notice: batch.notice,
    revision,
    deliveryId,
    ...(batch.changed ? { changed: batch.changed } : {}),
    ...(addressNumber === undefined ? {} : { addressNumber }),
  };
  if (how === 'applied') run.journal.applied([fact]);
  else run.journal.record(fact, { key });
  run.openNotices.remove(key);
  keepOnlyRetractionOf(run, recipient, channel, key);
  for (const report of run.earlyReports) {
    if (report.deliveryId === deliveryId) recordDelivery(run, report, sendInstead);
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

/** In earlier versions, a cancellation could have the SEQUENCE of the request that it cancels. */
const ownSequencePatch = 'sequence-of-a-cancellation';

/**
 * Returns the SEQUENCE of an email that can cancel an entry: above those of all earlier requests (RFC 5546, section 2.1.4), and
 * below those of the requests that follow a later fact. A fact with a key has no number, so the last number can be that of a request.
 */
export const cancellationSequence = ({ journal }: AuditionRun): number =>
  patched(ownSequencePatch) ? journal.reserveNumber() : journal.number;

const factsOf = (run: AuditionRun, batch: NoticeBatch): NoticeFacts =>
  batch.changed === 'calendar' ? noticeFacts(run, batch, cancellationSequence(run)) : noticeFacts(run, batch);

/** Returns what a notice says about the audition. @throws TypeError when there is no slot yet */
export const noticeFacts = (
  { plan, journal }: AuditionRun,
  { reason, changed }: Pick<NoticeBatch, 'reason' | 'changed'> = {},
  sequence = journal.number,
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
    ...(changed === 'meeting' && meeting && meeting.provider !== 'manual'
      ? { meetingProvider: meeting.provider }
      : {}),
    sequence,
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
