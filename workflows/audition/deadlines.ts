/** Computes the next deadline of an audition. The main loop sets one timer for it, instead of one for each deadline. */
import type { Origin } from '../../domain/audition/events.ts';
import type { Reminder } from '../../domain/audition/reminder-plan.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import type { AuditionRun } from './run.ts';
import { openMeetingStatus, sessionOpensAtMs } from './steps/session.ts';

export type Deadline =
  | { readonly kind: 'reminder'; readonly at: number; readonly reminder: Reminder }
  | { readonly kind: 'answer_overdue'; readonly at: number }
  | { readonly kind: 'session_start'; readonly at: number; readonly origin: Origin }
  | { readonly kind: 'no_show'; readonly at: number }
  | { readonly kind: 'session_end'; readonly at: number }
  | { readonly kind: 'decision_overdue'; readonly at: number };

/** Returns the next deadline in the audition's present state. Returns undefined when the state has no deadline. */
export const nextDeadline = (run: AuditionRun): Deadline | undefined => {
  const [first, ...rest] = deadlinesOf(run);
  return first && rest.reduce((next, deadline) => (deadline.at < next.at ? deadline : next), first);
};

/** Returns whether both deadlines are of the same kind at the same time. */
export const isSameDeadline = (a: Deadline | undefined, b: Deadline | undefined): boolean =>
  a?.kind === b?.kind && a?.at === b?.at;

const deadlinesOf = (run: AuditionRun): readonly Deadline[] => {
  const { state, stateSince, slot } = run.journal.view;
  if (!slot) return [];
  const { policy } = run.plan;
  switch (state) {
    case 'scheduled':
    case 'confirmed':
      return [
        ...run.reminders.map(
          (reminder): Deadline => ({ kind: 'reminder', at: toEpochMs(reminder.at), reminder }),
        ),
        ...(hasUnansweredInvitation(run)
          ? [{ kind: 'answer_overdue' as const, at: run.scheduledAt + policy.answerWithin }]
          : []),
        ...sessionStartDeadline(run, slot),
        { kind: 'no_show', at: Math.max(toEpochMs(slot.start), run.scheduledAt) + policy.noShowGrace },
      ];
    case 'in_progress':
      return [{ kind: 'session_end', at: toEpochMs(slot.end) + policy.sessionOverrun }];
    case 'awaiting_decision':
      return run.decisionEscalated
        ? []
        : [{ kind: 'decision_overdue', at: toEpochMs(stateSince) + policy.decisionWithin }];
    case 'requested':
    case 'holding':
    case 'scheduling':
    case 'closed':
      return [];
  }
};

/** When a meeting was opened early, its session begins as soon as check-in opens. */
const sessionStartDeadline = (run: AuditionRun, slot: Slot): readonly Deadline[] => {
  const meeting = openMeetingStatus(run);
  return meeting ? [{ kind: 'session_start', at: sessionOpensAtMs(run, slot), origin: meeting.origin }] : [];
};

const hasUnansweredInvitation = ({ answerEscalated, journal }: AuditionRun): boolean =>
  !answerEscalated &&
  journal.view.participants.some(({ kind, answer }) => kind === 'performer' && answer === 'none');
