/** Step 6: the session and external facts. A fact that the present state does not allow is ignored, not an error. */

import { patched } from '@temporalio/workflow';
import type { Origin } from '../../../domain/audition/events.ts';
import type { FactSource } from '../../../domain/audition/principal.ts';
import type { Slot } from '../../../domain/audition/slot.ts';
import { isFactAllowed } from '../../../domain/audition/transitions.ts';
import { reportsPresence } from '../../../domain/providers/vendors.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { minute } from '../../../domain/time/units.ts';
import type { CheckInCommand, MeetingReport, MeetingStatus } from '../messages.ts';
import type { AuditionRun } from '../run.ts';
import { askAboutSlot } from '../slot-question.ts';
import { readAttendance, readsAttendance } from './attendance.ts';
import { expectRecording } from './recording.ts';

/**
 * Records a check-in. The performer's check-in starts the session, unless performers are admitted in turn: then the
 * admission starts it. A repeated check-in changes nothing.
 */
export const checkIn = (
  run: AuditionRun,
  { participant, correlationId, principal, origin }: CheckInCommand,
): void => {
  const { journal } = run;
  const arrived = journal.view.participants.find(({ id }) => id === participant);
  if (!arrived || arrived.checkedIn) return;
  const by = origin === 'link' ? { origin } : {};
  journal.record({ type: 'checked_in', participant, ...by }, { correlationId, principal });
  if (arrived.kind === 'performer' && run.plan.meetingSettings?.admission !== 'in_turn')
    startSession(run, origin, { correlationId, principal });
};

/** Records the start of the session, unless it has begun before. */
export const startSession = (run: AuditionRun, origin: Origin, source?: FactSource): void => {
  const { state } = run.journal.view;
  if (state !== 'scheduled' && state !== 'confirmed') return;
  run.journal.record({ type: 'session_started', origin }, source);
};

/** Records the end of the session, if the state allows it. */
const endSession = (run: AuditionRun, origin: Origin): void => {
  if (isFactAllowed(run.journal.view.state, 'session_ended')) {
    run.journal.record({ type: 'session_ended', origin });
    expectRecording(run);
  }
};

/**
 * Handles the report that the meeting was opened. It starts the session, but not before the slot begins: a meeting that
 * was opened earlier starts the session when the slot begins, unless it is closed again before. A meeting that is opened
 * again soon after the session has ended continues it.
 */
export const meetingStarted = (run: AuditionRun, report: MeetingReport): void => {
  if (!isAboutCurrentMeeting(run, report)) return;
  const since = reportedAtMs(report);
  const known =
    run.meetingStatus && isOfCurrentRevision(run, run.meetingStatus) ? run.meetingStatus : undefined;
  // Otherwise the report of a later end, or of a later start, arrived first.
  const isLatest = known === undefined || known.since < since;
  if (isLatest) run.meetingStatus = meetingStatusOf(run, report, true);
  const { slot, state } = run.journal.view;
  if (!slot || Date.now() < toEpochMs(slot.start)) return;
  // A report from before the slot is handled as a deadline: the report that the meeting was closed may follow it.
  if (since < toEpochMs(slot.start)) return;
  startSession(run, report.origin);
  const isContinued =
    state === 'awaiting_decision' &&
    isLatest &&
    Date.now() < toEpochMs(slot.end) + run.plan.policy.sessionOverrun;
  if (isContinued) run.journal.record({ type: 'session_started', origin: report.origin });
};

/**
 * Handles the report that the meeting was closed. After the slot's end, it ends the session. Before, the meeting can be
 * opened again, so the session ends some minutes later.
 */
export const meetingEnded = (run: AuditionRun, report: MeetingReport): void => {
  if (!isAboutCurrentMeeting(run, report)) return;
  const since = reportedAtMs(report);
  if (run.meetingStatus && since < run.meetingStatus.since) return;
  const { slot } = run.journal.view;
  const hasBegun = slot !== undefined && since >= toEpochMs(slot.start);
  // The report of the start is late, or was lost: the meeting was open in the slot.
  if (hasBegun) startSession(run, report.origin);
  run.meetingStatus = meetingStatusOf(run, report, false);
  if (hasBegun && since >= toEpochMs(slot.end)) endSession(run, report.origin);
};

/**
 * Returns whether the meeting was closed so long before the end of its slot that its provider may have failed. Only then,
 * and only where meetings are checked, it is worth a call.
 */
export const isClosedEarly = ({ plan, journal, meetingStatus }: AuditionRun): boolean => {
  const { slot, state } = journal.view;
  return (
    plan.policy.meetingCheck !== undefined &&
    state === 'in_progress' &&
    slot !== undefined &&
    meetingStatus?.isOpen === false &&
    Date.now() < toEpochMs(slot.end) - reopenGrace
  );
};

/** Returns the status of the present slot's meeting. */
export const currentMeetingStatus = (run: AuditionRun): MeetingStatus | undefined =>
  run.meetingStatus && isOfCurrentRevision(run, run.meetingStatus) ? run.meetingStatus : undefined;

/** A meeting that is closed within its slot is often opened again: the host has lost the connection, or lets the next one in. */
const reopenGrace = 5 * minute;

/** Returns when the session that is running counts as over, epoch milliseconds. */
export const sessionEndsAtMs = (run: AuditionRun, slot: Slot): number => {
  const latest = toEpochMs(slot.end) + run.plan.policy.sessionOverrun;
  const status = currentMeetingStatus(run);
  if (!status || status.isOpen || status.since < toEpochMs(slot.start)) return latest;
  return Math.min(latest, status.since + reopenGrace);
};

/**
 * Workers that were away at the deadline have observed nothing. Workers that have just come back deliver the reports
 * that wait in the inbox within this time.
 */
const observationGap = minute;

/** Returns when the absence of any sign of the session is judged, epoch milliseconds. */
export const sessionMissingAtMs = (run: AuditionRun, slot: Slot): number => {
  const { absence, journal, scheduledAt, plan } = run;
  if (attendanceReads(run) > 0) return toEpochMs(slot.end) + plan.policy.sessionOverrun;
  return absence?.revision === journal.view.revision
    ? absence.since + observationGap
    : Math.max(toEpochMs(slot.start), scheduledAt) + plan.policy.noShowGrace;
};

/**
 * Decides what it means that no sign of the session was observed. Silence proves nothing, so the casting office is
 * asked. Only where the provider reports who is present, and the policy says so, is it a no-show: when the workers were
 * there at the deadline, and no report has arrived within a further minute. A performer who has checked in, and waits to be
 * admitted, is no no-show: the casting office is asked.
 * @param dueAt the deadline, epoch milliseconds
 */
export const handleMissingSession = (run: AuditionRun, dueAt: number): void => {
  const { meeting, revision } = run.journal.view;
  const isObserved =
    meeting !== undefined && reportsPresence(meeting.provider) && Date.now() - dueAt < observationGap;
  if (isObserved && mayCloseAsNoShow(run)) {
    if (run.absence?.revision === revision) return run.end({ type: 'no_show' });
    run.absence = { revision, since: Date.now() };
    return;
  }
  if (mustReadAttendance(run)) return readBeforeAsking(run);
  askWhetherHeld(run);
};

const hasPerformerArrived = ({ journal }: AuditionRun): boolean =>
  journal.view.participants.some(
    ({ kind, checkedIn, presence }) => kind === 'performer' && (checkedIn || presence !== undefined),
  );

/** Auditions leave it to the casting office since this patch. Before, a performer who waited was closed as a no-show. */
const waitingPerformerPatch = 'ask-about-waiting-performer';

const mayCloseAsNoShow = (run: AuditionRun): boolean =>
  run.plan.policy.noShow === 'automatic' && !(hasPerformerArrived(run) && patched(waitingPerformerPatch));

/**
 * With the policy `automatic`, the attendance is read again after the end of the slot: some providers report it only then.
 */
const mustReadAttendance = (run: AuditionRun): boolean =>
  readsAttendance(run) && attendanceReads(run) < (run.plan.policy.noShow === 'automatic' ? 2 : 1);

/** Returns how often the attendance of the present slot was read. */
const attendanceReads = ({ attendanceRead, journal }: AuditionRun): number =>
  attendanceRead?.revision === journal.view.revision ? attendanceRead.count : 0;

/** Asks the provider who was there, and the casting office only when that does not answer the question. */
const readBeforeAsking = (run: AuditionRun): void => {
  const { revision } = run.journal.view;
  const count = attendanceReads(run) + 1;
  run.attendanceRead = { revision, count };
  run.isReadingAttendance = true;
  void run.runInBackground(async (detach) => {
    detach();
    const { attendance, wasPerformerSeen } = await readAttendance(run);
    run.isReadingAttendance = false;
    if (!isFactAllowed(run.journal.view.state, 'no_show') || run.journal.view.revision !== revision) return;
    if (wasPerformerSeen) return startSession(run, 'system');
    // The next deadline reads it again.
    if (mustReadAttendance(run)) return;
    if (attendance?.length === 0 && mayCloseAsNoShow(run)) return run.end({ type: 'no_show' });
    askWhetherHeld(run);
  });
};

/** Ends the session at its deadline. A provider that reports nothing by webhooks is asked who was there. */
export const endSessionInTime = (run: AuditionRun): void => {
  endSession(run, 'system');
  if (!readsAttendance(run)) return;
  void run.runInBackground(async (detach) => {
    detach();
    await readAttendance(run);
  });
};

const askWhetherHeld = (run: AuditionRun): void => {
  run.sessionAsked = true;
  const observed = hasPerformerArrived(run)
    ? 'The slot has begun and the performer has checked in or joined, but no start of the session was observed.'
    : 'The slot has begun, but no check-in and no meeting was observed.';
  const start =
    run.plan.meetingSettings?.admission === 'in_turn' ? 'The admission of the performer' : 'A check-in';
  askAboutSlot(
    run,
    {
      step: 'session',
      what: `${observed} Did the session take place?`,
      hint: `Resolve with held or no_show. ${start}, the start of the meeting or a decision answers it too.`,
      actions: ['held', 'no_show'],
      isMoot: () => !isFactAllowed(run.journal.view.state, 'no_show'),
    },
    (action) => {
      if (action === 'held') endSession(run, 'operator');
      if (action === 'no_show') run.end({ type: 'no_show' });
    },
  );
};

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
