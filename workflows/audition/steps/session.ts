/** Step 6: the session, and the facts that come from outside. A fact that no longer fits is ignored, not an error. */
import type { Origin } from '../../../domain/audition/events.ts';
import type { Slot } from '../../../domain/audition/slot.ts';
import { isFactAllowed } from '../../../domain/audition/transitions.ts';
import { isLaterDelivery } from '../../../domain/audition/view.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { askBeside } from '../background-question.ts';
import type { CheckInCommand, DeliveryReport, MeetingReport, MeetingStatus } from '../messages.ts';
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
  if (isFactAllowed(run.journal.view.state, 'session_started')) {
    run.journal.record({ type: 'session_started', origin }, correlationId);
  }
};

/**
 * The meeting was opened, which begins the session, though not before one may check in: a room that is opened early,
 * or before everything is scheduled, begins it as soon as it may, unless it is closed again.
 */
export const meetingStarted = (run: AuditionRun, report: MeetingReport): void => {
  if (!isAboutCurrentMeeting(run, report)) return;
  const since = reportedAtMs(report);
  const closed =
    run.meetingStatus?.isOpen === false && isOfCurrentRevision(run, run.meetingStatus)
      ? run.meetingStatus
      : undefined;
  // The report of its end overtook this one: both have happened.
  const isOver = closed !== undefined && closed.since >= since;
  if (!isOver) run.meetingStatus = meetingStatusOf(run, report, true);
  const { slot } = run.journal.view;
  if (!slot || Date.now() < sessionOpensAtMs(run, slot)) return;
  startSession(run, report.origin);
  if (isOver) endSession(run, closed.origin);
};

/** The meeting is over, and the session with it. Somebody who only tried the room out beforehand ends nothing. */
export const meetingEnded = (run: AuditionRun, report: MeetingReport): void => {
  if (!isAboutCurrentMeeting(run, report)) return;
  const since = reportedAtMs(report);
  if (run.meetingStatus && since < run.meetingStatus.since) return;
  run.meetingStatus = meetingStatusOf(run, report, false);
  const { slot } = run.journal.view;
  if (slot && since >= sessionOpensAtMs(run, slot)) endSession(run, report.origin);
};

/** The room in which the session of the present slot may begin. */
export const openMeetingStatus = (run: AuditionRun): MeetingStatus | undefined =>
  run.meetingStatus?.isOpen && isOfCurrentRevision(run, run.meetingStatus) ? run.meetingStatus : undefined;

/** One may check in from here on. */
export const sessionOpensAtMs = ({ plan }: AuditionRun, slot: Slot): number =>
  toEpochMs(slot.start) - plan.policy.checkInOpens;

/** Neither about a meeting that another provider's has replaced, nor of a time before the slot was moved. */
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

/** More than an audition has notices under way at once; of what is never recorded, a cancellation say, none is awaited. */
const maxEarlyReports = 50;

/**
 * What became of a notice. One that could not be delivered waits for a person. A report may be here before the
 * activity that sent the notice has ended: it is kept until then. One that was overtaken says nothing new.
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
  askBeside(
    run,
    {
      step: 'invitation',
      what: `The ${notice.notice} to ${participant} by ${channel} was not delivered.`,
      hint: 'Tell them another way and skip, or abort.',
      actions: ['skip', 'abort'],
      ...(code ? { code } : {}),
    },
    (action) => {
      if (action !== 'abort') return;
      run.end({
        type: 'failed',
        code: 'undelivered',
        reason: 'An operator gave up: a notice could not be delivered.',
      });
    },
  );
};
