/** Step 6: the session and external facts. A fact that the present state does not allow is ignored, not an error. */
import type { Origin } from '../../../domain/audition/events.ts';
import type { Slot } from '../../../domain/audition/slot.ts';
import { isFactAllowed } from '../../../domain/audition/transitions.ts';
import { isLaterDelivery } from '../../../domain/audition/view.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { askInBackground } from '../background-question.ts';
import type { CheckInCommand, DeliveryReport, MeetingReport, MeetingStatus } from '../messages.ts';
import type { AuditionRun } from '../run.ts';

/** Records a check-in. The performer's check-in starts the session. A repeated check-in changes nothing. */
export const checkIn = (run: AuditionRun, { participant, correlationId, origin }: CheckInCommand): void => {
  const { journal } = run;
  const arrived = journal.view.participants.find(({ id }) => id === participant);
  if (!arrived || arrived.checkedIn) return;
  journal.record({ type: 'checked_in', participant }, correlationId);
  if (arrived.kind === 'performer') startSession(run, origin, correlationId);
};

/** Records the start of the session, if the state allows it. */
export const startSession = (run: AuditionRun, origin: Origin, correlationId?: string): void => {
  if (isFactAllowed(run.journal.view.state, 'session_started')) {
    run.journal.record({ type: 'session_started', origin }, correlationId);
  }
};

/**
 * Handles the report that the meeting was opened. It starts the session, but not before check-in opens. A meeting that
 * was opened earlier starts the session as soon as check-in opens, unless it is closed again before.
 */
export const meetingStarted = (run: AuditionRun, report: MeetingReport): void => {
  if (!isAboutCurrentMeeting(run, report)) return;
  const since = reportedAtMs(report);
  const closed =
    run.meetingStatus?.isOpen === false && isOfCurrentRevision(run, run.meetingStatus)
      ? run.meetingStatus
      : undefined;
  // The report of the meeting's end arrived first: apply both.
  const isOver = closed !== undefined && closed.since >= since;
  if (!isOver) run.meetingStatus = meetingStatusOf(run, report, true);
  const { slot } = run.journal.view;
  if (!slot || Date.now() < sessionOpensAtMs(run, slot)) return;
  startSession(run, report.origin);
  if (isOver) endSession(run, closed.origin);
};

/** Handles the report that the meeting was closed. It ends the session, unless the meeting closed before check-in. */
export const meetingEnded = (run: AuditionRun, report: MeetingReport): void => {
  if (!isAboutCurrentMeeting(run, report)) return;
  const since = reportedAtMs(report);
  if (run.meetingStatus && since < run.meetingStatus.since) return;
  run.meetingStatus = meetingStatusOf(run, report, false);
  const { slot } = run.journal.view;
  if (slot && since >= sessionOpensAtMs(run, slot)) endSession(run, report.origin);
};

/** Returns the status of the present slot's meeting, if the meeting is open. */
export const openMeetingStatus = (run: AuditionRun): MeetingStatus | undefined =>
  run.meetingStatus?.isOpen && isOfCurrentRevision(run, run.meetingStatus) ? run.meetingStatus : undefined;

/** Returns when check-in opens, epoch milliseconds. */
export const sessionOpensAtMs = ({ plan }: AuditionRun, slot: Slot): number =>
  toEpochMs(slot.start) - plan.policy.checkInOpens;

/** Returns false for reports about a replaced meeting, and for reports from before the slot was moved. */
const isAboutCurrentMeeting = (
  { journal, movedAt }: AuditionRun,
  { meetingId, at }: MeetingReport,
): boolean =>
  (meetingId === undefined || meetingId === journal.view.meeting?.id) &&
  (at === undefined || toEpochMs(at) >= movedAt);

const reportedAtMs = ({ at }: MeetingReport): number => (at === undefined ? Date.now() : toEpochMs(at));

const meetingStatusOf = (
  { journal }: AuditionRun,
  report: MeetingReport,
  isOpen: boolean,
): MeetingStatus => ({
  revision: journal.view.revision,
  isOpen,
  origin: report.origin,
  since: reportedAtMs(report),
});

const isOfCurrentRevision = ({ journal }: AuditionRun, { revision }: MeetingStatus): boolean =>
  revision === journal.view.revision;

const endSession = (run: AuditionRun, origin: Origin): void => {
  if (isFactAllowed(run.journal.view.state, 'session_ended')) {
    run.journal.record({ type: 'session_ended', origin });
  }
};

/**
 * More than the notices that an audition sends concurrently. Reports of messages that are never recorded, such as
 * cancellations, are dropped this way.
 */
const maxEarlyReports = 50;

/**
 * Records the delivery status of a notice. Asks an operator when the notice was not delivered. A report that arrives
 * before the notice is recorded is kept until then. A report that a later status supersedes is ignored.
 */
export const recordDelivery = (run: AuditionRun, report: DeliveryReport): void => {
  const notice = run.journal.view.notices.find(({ deliveryId }) => deliveryId === report.deliveryId);
  if (!notice) {
    run.earlyReports = [...run.earlyReports, report].slice(-maxEarlyReports);
    return;
  }
  const { participant, channel, deliveryId, status, code } = report;
  if (!isLaterDelivery(status, notice.status)) return;
  run.journal.record({
    type: 'delivery_reported',
    participant,
    channel,
    deliveryId,
    status,
    ...(code ? { code } : {}),
  });
  if (status !== 'failed' || run.ending) return;
  askInBackground(
    run,
    {
      step: 'invitation',
      what: `The ${notice.notice} to ${participant} by ${channel} was not delivered.`,
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
