/** Records failed deliveries. The relay records the successful ones in the database, without a signal. */
import { patched } from '@temporalio/workflow';
import { addressOn, fallbackFor } from '../../../domain/audition/cast-difference.ts';
import {
  hasConsequence,
  isArrivalAfterAll,
  isDeliveryProblem,
} from '../../../domain/audition/delivery-state.ts';
import type { DeliveryStatus } from '../../../domain/audition/delivery-statuses.ts';
import { isToFormerAddress } from '../../../domain/audition/notice-address.ts';
import { isByEmailOnly } from '../../../domain/audition/notice-change.ts';
import type { Channel } from '../../../domain/audition/request.ts';
import type { NoticeView } from '../../../domain/audition/view.ts';
import type { ParticipantId } from '../../../domain/ids.ts';
import type { DeliveryReport } from '../messages.ts';
import type { AuditionRun } from '../run.ts';
import { askAboutSlot } from '../slot-question.ts';
import { isSuppressingCode, rememberSuppressed } from '../suppressed-addresses.ts';

/** More than the notices that an audition sends concurrently. Most reports about cancellations to former participants are kept, too. */
const maxEarlyReports = 50;

/**
 * In earlier versions, a report about an earlier address or a former participant acted on the present one, and a notice about a
 * calendar entry was sent on a fallback channel.
 */
export const undeliveredNoticePatch = 'undelivered-notice-of-the-present-address';

/** In earlier versions, an email that arrived after it was given up changed nothing. */
const arrivalPatch = 'arrival-of-a-given-up-notice';

/** Returns whether a notice can be sent on a fallback channel. */
export const mayFallBack = ({ changed }: Pick<NoticeView, 'changed'>): boolean =>
  !isByEmailOnly(changed) || !patched(undeliveredNoticePatch);

const isOfFormerAddress = ({ journal }: AuditionRun, notice: NoticeView): boolean =>
  isToFormerAddress(journal.view, notice) && patched(undeliveredNoticePatch);

/** Sends a notice on another channel. A parameter, because the step that sends notices also reads their reports. */
export type SendInstead = (run: AuditionRun, notice: NoticeView, channel: Channel) => void;

/** Returns undefined when the participant no longer takes part. */
const addressOf = (
  { plan }: AuditionRun,
  participant: ParticipantId,
  channel: Channel,
): string | undefined => {
  const present = plan.participants.find(({ id }) => id === participant);
  return present && addressOn(present, channel);
};

const describeFailure = (status: DeliveryStatus, code: string | undefined): string =>
  status === 'complained' || code === 'complained' ? 'reported as spam' : 'not delivered';

const suppressionHint =
  ' Nothing more is sent to the address until the suppression is lifted: npm run ops -- suppressions lift.';

/**
 * Records that a notice was not delivered or not wanted. Then it is sent on a fallback channel, or an operator is asked
 * (`deliveryStates`). A report that arrives before the notice is recorded is kept until then. Reports of success and
 * repeated reports change nothing, except that a notice that was given up arrives after all. Nothing follows for a former participant, or for an earlier address: the participant was
 * invited at the present one.
 */
export const recordDelivery = (run: AuditionRun, report: DeliveryReport, sendInstead: SendInstead): void => {
  const { participant, channel, deliveryId, status, code } = report;
  const notice = run.journal.view.notices.find((sent) => sent.deliveryId === deliveryId);
  if (!isDeliveryProblem(status)) {
    if (notice && isArrivalAfterAll(status, notice.status) && patched(arrivalPatch))
      run.journal.record({ type: 'delivery_reported', participant, channel, deliveryId, status });
    return;
  }
  if (!notice) {
    run.earlyReports = [...run.earlyReports, report].slice(-maxEarlyReports);
    return;
  }
  if (isDeliveryProblem(notice.status)) return;
  run.journal.record({
    type: 'delivery_reported',
    participant,
    channel,
    deliveryId,
    status,
    ...(code ? { code } : {}),
  });
  if (run.ending || isOfFormerAddress(run, notice)) return;
  rememberSuppressed(run, { recipient: participant, channel }, code);
  handleProblem(run, { ...notice, status }, code, sendInstead);
};

/** In earlier versions, the reports about cancellations were dropped. */
const unclaimedReportsPatch = 'unclaimed-delivery-reports-at-the-end';

/**
 * Records the reports whose messages no notice records, such as cancellations, when the audition ends. Nothing follows from them in
 * the audition. Those that arrive later are appended to its trail by the relay.
 */
export const recordUnclaimedReports = (run: AuditionRun): void => {
  const { journal, earlyReports } = run;
  const unclaimed = earlyReports.filter(
    ({ deliveryId }) => !journal.view.notices.some((sent) => sent.deliveryId === deliveryId),
  );
  run.earlyReports = [];
  if (unclaimed.length === 0 || !patched(unclaimedReportsPatch)) return;
  for (const { principal, participant, channel, deliveryId, status, code } of unclaimed) {
    journal.actAs(principal, () =>
      journal.record({
        type: 'delivery_reported',
        participant,
        channel,
        deliveryId,
        status,
        ...(code ? { code } : {}),
      }),
    );
  }
};

/** Handles the notices of the present slot that were not delivered again, after a take-over. */
export const handleUndelivered = (run: AuditionRun, sendInstead: SendInstead): void => {
  for (const notice of run.journal.view.notices)
    if (isDeliveryProblem(notice.status) && !isOfFormerAddress(run, notice))
      handleProblem(run, notice, undefined, sendInstead);
};

/** @param code why the notice was not delivered. Undefined when the view of the trail is all that is known */
const handleProblem = (
  run: AuditionRun,
  undelivered: NoticeView,
  code: string | undefined,
  sendInstead: SendInstead,
): void => {
  const { participant, channel, notice, revision, status } = undelivered;
  // A move sends a notice with the new time.
  if (!run.journal.view.announcedAs.includes(revision)) return;
  const recipient = run.plan.participants.find(({ id }) => id === participant);
  const fallback = recipient && fallbackFor(recipient, channel);
  if (fallback && hasConsequence(status, 'next_channel') && mayFallBack(undelivered))
    return sendInstead(run, undelivered, fallback);
  const isSuppressing =
    channel === 'email' && (hasConsequence(status, 'suppress') || isSuppressingCode(code));
  const address = addressOf(run, participant, channel);
  const hasArrived = () =>
    run.journal.view.notices.some(
      (sent) => sent.deliveryId === undelivered.deliveryId && sent.status === 'delivered',
    );
  askAboutSlot(
    run,
    {
      step: 'invitation',
      what: `The ${notice} to ${participant} by ${channel} was ${describeFailure(status, code)}.`,
      hint: `Inform the participant otherwise and skip, or abort.${isSuppressing ? suppressionHint : ''}`,
      actions: ['skip', 'abort'],
      // A participant who was replaced has another address.
      isMoot: () => hasArrived() || addressOf(run, participant, channel) !== address,
      mootBecause: () => (hasArrived() ? 'The message arrived after all.' : undefined),
      ...(code ? { code } : {}),
    },
    (action) => {
      if (action !== 'abort') return;
      run.end({
        type: 'failed',
        code: 'undelivered',
        reason: 'An operator aborted: a notice could not be delivered.',
      });
    },
  );
};
