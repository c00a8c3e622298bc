/** Records failed deliveries. The relay records the successful ones in the database, without a signal. */
import type { DeliveryReport } from '../messages.ts';
import type { AuditionRun } from '../run.ts';
import { askAboutSlot } from '../slot-question.ts';

/**
 * More than the notices that an audition sends concurrently. Reports of messages that are never recorded, such as
 * cancellations, are dropped this way.
 */
const maxEarlyReports = 50;

const describeFailure = (code: string | undefined): string =>
  code === 'complained' ? 'reported as spam' : 'not delivered';

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
  // A move sends a notice with the new time.
  if (run.ending || !run.journal.view.announcedAs.includes(notice.revision)) return;
  askAboutSlot(
    run,
    {
      step: 'invitation',
      what: `The ${notice.notice} to ${participant} by ${channel} was ${describeFailure(code)}.`,
      hint: 'Inform the participant otherwise and skip, or abort.',
      actions: ['skip', 'abort'],
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
