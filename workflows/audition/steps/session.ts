/** Step 6: the session, and the facts that come from outside. A fact that no longer fits is ignored, not an error. */
import type { Origin } from '../../../domain/audition/events.ts';
import { isLegal } from '../../../domain/audition/transitions.ts';
import type { CheckInCommand, DeliveryReport } from '../messages.ts';
import type { AuditionRun } from '../run.ts';

/** Somebody has arrived. The performer's arrival begins the session. */
export const checkIn = (run: AuditionRun, { participant, correlationId, origin }: CheckInCommand): void => {
  const { journal } = run;
  const arrived = journal.view.participants.find(({ id }) => id === participant);
  if (!arrived || arrived.checkedIn) return;
  journal.record({ type: 'checked_in', participant }, correlationId);
  if (arrived.kind === 'performer') startSession(run, origin, correlationId);
};

export const startSession = (run: AuditionRun, origin: Origin, correlationId?: string): void => {
  if (isLegal(run.journal.view.state, 'session_started')) {
    run.journal.record({ type: 'session_started', origin }, correlationId);
  }
};

export const endSession = (run: AuditionRun, origin: Origin): void => {
  if (isLegal(run.journal.view.state, 'session_ended')) {
    run.journal.record({ type: 'session_ended', origin });
  }
};

/** More than an audition has notices under way at once; of what is never recorded, a cancellation say, none is awaited. */
const earlyReportsKept = 50;

/**
 * What became of a notice. One that could not be delivered waits for a person. A report may be here before the
 * activity that sent the notice has ended: it is kept until then.
 */
export const reportDelivery = (run: AuditionRun, report: DeliveryReport): void => {
  const notice = run.journal.view.notices.find(({ deliveryId }) => deliveryId === report.deliveryId);
  if (!notice) {
    run.earlyReports = [...run.earlyReports, report].slice(-earlyReportsKept);
    return;
  }
  if (notice.status === report.status) return;
  run.journal.record({ type: 'delivery_reported', ...report });
  const now = run.journal.view.notices.find(({ deliveryId }) => deliveryId === report.deliveryId);
  if (now?.status !== 'failed' || run.ending) return;
  void run.beside(async (goOn) => {
    const { action } = await run.desk.ask(
      {
        isBeside: true,
        step: 'invitation',
        what: `The ${notice.notice} to ${report.participant} by ${report.channel} was not delivered.`,
        hint: 'Tell them another way and skip, or abort.',
        actions: ['skip', 'abort'],
        ...(report.code ? { code: report.code } : {}),
      },
      goOn,
    );
    if (action !== 'abort') return;
    run.end({
      type: 'failed',
      code: 'undelivered',
      reason: 'An operator gave up: a notice could not be delivered.',
    });
  });
};
