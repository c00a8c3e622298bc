/** Computes the next deadline of an audition. The main loop sets one timer for it, instead of one for each deadline. */
import type { Origin } from '../../domain/audition/events.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import { day, minute } from '../../domain/time/units.ts';
import type { AuditionRun } from './run.ts';
import { pendingDecline } from './steps/answers.ts';
import { meetingCheckAtMs } from './steps/meeting-check.ts';
import { meetingEndAtMs } from './steps/meeting-end.ts';
import { currentMeetingStatus, sessionEndsAtMs, sessionMissingAtMs } from './steps/session.ts';

/** `at` is in epoch milliseconds. */
export type Deadline = { readonly at: number } & (
  | { readonly kind: 'reminder' | 'answer_overdue' | 'decline_final' | 'session_missing' | 'session_end' }
  | { readonly kind: 'decision_overdue' | 'move_return' | 'change_moot' | 'meeting_check' | 'meeting_end' }
  | { readonly kind: 'session_start'; readonly origin: Origin }
);

/** Returns the next deadline in the audition's present state. Returns undefined when the state has no deadline. */
export const nextDeadline = (run: AuditionRun): Deadline | undefined => {
  const [first, ...rest] = deadlinesOf(run);
  return first && rest.reduce((next, deadline) => (deadline.at < next.at ? deadline : next), first);
};

/**
 * Returns when the main loop must wake at the latest, epoch milliseconds. Before the session it also wakes when a session
 * would be over, so that a check-in needs no new timer.
 */
export const latestWake = (run: AuditionRun, next: Deadline): number => {
  const { slot } = run.journal.view;
  if (next.kind !== 'session_missing' || !slot) return next.at;
  const sessionEnd = sessionEndsAtMs(run, slot);
  return sessionEnd > Date.now() ? Math.min(next.at, sessionEnd) : next.at;
};

const deadlinesOf = (run: AuditionRun): readonly Deadline[] => {
  const { state, stateSince, slot } = run.journal.view;
  if (!slot) return [];
  const { policy } = run.plan;
  switch (state) {
    case 'scheduled':
    case 'confirmed':
      return [
        ...run.reminders.slice(0, 1).map(({ at }) => ({ kind: 'reminder' as const, at: toEpochMs(at) })),
        ...answerDeadline(run, slot),
        ...declineDeadline(run),
        ...meetingCheckDeadline(run, slot),
        ...meetingEndDeadline(run, slot),
        ...sessionStartDeadline(run, slot),
        ...(run.sessionAsked || run.isReadingAttendance
          ? []
          : [{ kind: 'session_missing' as const, at: sessionMissingAtMs(run, slot) }]),
        ...changeDeadline(run),
      ];
    case 'scheduling':
      return moveReturnDeadline(run, slot);
    case 'in_progress':
      return [
        { kind: 'session_end', at: sessionEndsAtMs(run, slot) },
        ...meetingCheckDeadline(run, slot),
        ...meetingEndDeadline(run, slot),
        ...changeDeadline(run),
      ];
    case 'awaiting_decision':
      return run.decisionEscalated
        ? []
        : [{ kind: 'decision_overdue', at: toEpochMs(stateSince) + policy.decisionWithin }];
    case 'requested':
    case 'holding':
    case 'closed':
      return [];
  }
};

/** An early check-in begins the session before the meeting is checked. */
const meetingCheckDeadline = (run: AuditionRun, slot: Slot): readonly Deadline[] => {
  const at = meetingCheckAtMs(run, slot);
  return at === undefined ? [] : [{ kind: 'meeting_check', at }];
};

const meetingEndDeadline = (run: AuditionRun, slot: Slot): readonly Deadline[] => {
  const at = meetingEndAtMs(run, slot);
  return at === undefined ? [] : [{ kind: 'meeting_end', at }];
};

/** When a meeting was opened early and is still open, its session begins with the slot. */
const sessionStartDeadline = (run: AuditionRun, slot: Slot): readonly Deadline[] => {
  const status = currentMeetingStatus(run);
  return status?.isOpen ? [{ kind: 'session_start', at: toEpochMs(slot.start), origin: status.origin }] : [];
};

/**
 * An unanswered invitation escalates when the policy says so, but early enough before the slot that the casting office
 * can still act: a day before it, or half way to it when the slot is nearer. In the last minutes there is no question.
 */
const answerDeadline = (run: AuditionRun, slot: Slot): readonly Deadline[] => {
  if (!hasUnansweredInvitation(run)) return [];
  const { scheduledAt, plan } = run;
  const start = toEpochMs(slot.start);
  const inTime = Math.max(start - day, Math.round((scheduledAt + start) / 2));
  const at = Math.min(scheduledAt + plan.policy.answerWithin, inTime);
  return start - at < leadToAct ? [] : [{ kind: 'answer_overdue', at }];
};

/** The shortest time in which the casting office can still call the performer. */
const leadToAct = 2 * minute;

const hasUnansweredInvitation = ({ answerEscalated, journal }: AuditionRun): boolean =>
  !answerEscalated &&
  journal.view.participants.some(({ kind, answer }) => kind === 'performer' && answer === 'none');

/** A decline that the performer withdraws in time does not become final while the slot is claimed again. */
const declineDeadline = (run: AuditionRun): readonly Deadline[] => {
  const pending = pendingDecline(run);
  const isWithdrawn = run.change?.withdrawsDecline === true || run.commands.has('respond');
  if (!pending || isWithdrawn) return [];
  // The period ends early when another audition has taken the slot.
  const isTaken = run.slotTakenAs === run.journal.view.revision;
  return [{ kind: 'decline_final', at: isTaken ? 0 : pending.finalAt }];
};

/** When the slot begins, a change that has not been made is moot. One that is made is completed. */
const changeDeadline = ({ change }: AuditionRun): readonly Deadline[] =>
  change?.slotStart && !change.isMade && !change.isGivenUp
    ? [{ kind: 'change_moot', at: toEpochMs(change.slotStart) }]
    : [];

/**
 * A move that is not finished when check-in for the old slot opens returns to the old slot. So does a move whose new slot
 * begins before that, because the participants do not know it yet.
 */
const moveReturnDeadline = ({ change, movedAt, plan }: AuditionRun, slot: Slot): readonly Deadline[] => {
  if (!change?.hasMoved || !change.slotStart || change.isGivenUp) return [];
  const oldStart = toEpochMs(change.slotStart);
  const at = oldStart - plan.policy.checkInOpens;
  // A move that began later than that has been asked for in spite of it.
  const latest = Math.min(at > movedAt ? at : oldStart, toEpochMs(slot.start));
  return latest > movedAt ? [{ kind: 'move_return', at: latest }] : [];
};
