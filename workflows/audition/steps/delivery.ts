/** Records failed deliveries. The relay records the successful ones in the database, without a signal. */
import { addressOn } from '../../../domain/audition/cast-difference.ts';
import type { Channel } from '../../../domain/audition/request.ts';
import type { NoticeView } from '../../../domain/audition/view.ts';
import type { ParticipantId } from '../../../domain/ids.ts';
import type { DeliveryReport } from '../messages.ts';
import type { AuditionRun } from '../run.ts';
import { askAboutSlot } from '../slot-question.ts';
import { isSuppressingCode, rememberSuppressed } from '../suppressed-addresses.ts';

/**
 * More than the notices that an audition sends concurrently. Reports of messages that are never recorded, such as
 * cancellations, are dropped this way.
 */
const maxEarlyReports = 50;

/** Returns undefined when the participant no longer takes part. */
const addressOf = (
  { plan }: AuditionRun,
  participant: ParticipantId,
  channel: Channel,
): string | undefined => {
  const present = plan.participants.find(({ id }) => id === participant);
  return present && addressOn(present, channel);
};

const describeFailure = (code: string | undefined): string =>
  code === 'complained' ? 'reported as spam' : 'not delivered';

const suppressionHint =
  ' Nothing more is sent to the address until the suppression is lifted: npm run ops -- suppressions lift.';

/**
 * Records that a notice was not delivered, and asks an operator. A report that arrives before the notice is recorded is
 * kept until then. Reports of success and repeated reports change nothing.
 */
export const recordDelivery = (run: AuditionRun, report: DeliveryReport): void => {
  const { participant, channel, deliveryId, status, code } = report;
  if (status !== 'failed') return;
  const notice = run.journal.view.notices.find((sent) => sent.deliveryId === deliveryId);
  if (!notice) {
    run.earlyReports = [...run.earlyReports, report].slice(-maxEarlyReports);
    return;
  }
  if (notice.status === 'failed') return;
  run.journal.record({
    type: 'delivery_reported',
    participant,
    channel,
    deliveryId,
    status,
    ...(code ? { code } : {}),
  });
  if (run.ending) return;
  rememberSuppressed(run, { recipient: participant, channel }, code);
  askAboutFailedNotice(run, notice, code);
};

/** Asks again, after a take-over, about the notices of the present slot that were not delivered. */
export const askAboutFailedNotices = (run: AuditionRun): void => {
  for (const notice of run.journal.view.notices)
    if (notice.status === 'failed') askAboutFailedNotice(run, notice, undefined);
};

/** @param code why the notice was not delivered. Undefined when the view of the trail is all that is known */
const askAboutFailedNotice = (
  run: AuditionRun,
  { participant, channel, notice, revision }: NoticeView,
  code: string | undefined,
): void => {
  // A move sends a notice with the new time.
  if (!run.journal.view.announcedAs.includes(revision)) return;
  const isSuppressing = channel === 'email' && isSuppressingCode(code);
  const address = addressOf(run, participant, channel);
  askAboutSlot(
    run,
    {
      step: 'invitation',
      what: `The ${notice} to ${participant} by ${channel} was ${describeFailure(code)}.`,
      hint: `Inform the participant otherwise and skip, or abort.${isSuppressing ? suppressionHint : ''}`,
      actions: ['skip', 'abort'],
      // A participant who was replaced has another address.
      isMoot: () => addressOf(run, participant, channel) !== address,
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
