/** The main loop, from scheduled to the end: executes commands and handles deadlines until the audition ends. */
import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { Reminder } from '../../domain/audition/reminder-plan.ts';
import type { Refusal } from '../../domain/errors.ts';
import type { ParticipantId } from '../../domain/ids.ts';
import type { QueuedCommand } from './command-queue.ts';
import { type Deadline, isSameDeadline, nextDeadline } from './deadlines.ts';
import type { AuditionInput } from './messages.ts';
import type { AuditionRun } from './run.ts';
import { escalateMissingAnswer } from './steps/answers.ts';
import { decide, escalateMissingDecision } from './steps/decision.ts';
import { notify } from './steps/notices.ts';
import { reschedule } from './steps/reschedule.ts';
import { startSession } from './steps/session.ts';

/** Runs the loop until the audition ends. Continues as new when Temporal suggests it and no work is pending. */
export const runMainLoop = async (run: AuditionRun): Promise<void> => {
  while (!run.ending) {
    await run.commands.drain(
      (queued) => executeCommand(run, queued),
      (refusal) => recordLateRefusal(run, refusal),
    );
    if (run.ending) return;
    if (mayContinueAsNew(run)) await continueAsNewWithState(run);
    run.journal.flushInBackground();
    await waitForNext(run);
  }
};

/** The caller has already got the answer that an operator was asked. The refusal is therefore recorded in the trail. */
const recordLateRefusal = ({ journal }: AuditionRun, { code, message }: Refusal): void =>
  journal.record({ type: 'move_refused', code, reason: message });

const executeCommand = (run: AuditionRun, queued: QueuedCommand): Promise<Refusal | undefined> => {
  switch (queued.name) {
    case 'reschedule':
      return reschedule(run, queued.command);
    case 'decide':
      return decide(run, queued.command);
  }
};

/**
 * Waits for a command or the next deadline, and handles the deadline. Handlers process answers and reports themselves.
 * These wake the main loop only when they change the next deadline, so that the timer need not be replaced each time.
 */
const waitForNext = async (run: AuditionRun): Promise<void> => {
  const deadline = nextDeadline(run);
  const shouldWake = () =>
    run.commands.size > 0 ||
    run.ending !== undefined ||
    !isSameDeadline(nextDeadline(run), deadline) ||
    mayContinueAsNew(run);
  if (!deadline) {
    await condition(shouldWake);
    return;
  }
  const waitMs = Math.max(0, deadline.at - Date.now());
  const isWoken = waitMs > 0 && (await condition(shouldWake, waitMs, { summary: summaries[deadline.kind] }));
  if (!isWoken && isSameDeadline(nextDeadline(run), deadline)) await handleDeadline(run, deadline);
};

const summaries: Readonly<Record<Deadline['kind'], string>> = {
  reminder: 'Until the next reminder',
  answer_overdue: 'Until an unanswered invitation escalates',
  session_start: 'Until the session of an open meeting can begin',
  no_show: 'Until an absent performer is a no-show',
  session_end: 'Until the session counts as over',
  decision_overdue: 'Until a missing decision escalates',
};

const handleDeadline = async (run: AuditionRun, deadline: Deadline): Promise<void> => {
  switch (deadline.kind) {
    case 'reminder':
      run.reminders = run.reminders.filter((other) => other !== deadline.reminder);
      void run.runInBackground((detach) => {
        detach();
        return remind(run, deadline.reminder);
      });
      return;
    case 'answer_overdue':
      return escalateMissingAnswer(run);
    case 'session_start':
      return startSession(run, deadline.origin);
    case 'no_show':
      return run.end({ type: 'no_show' });
    case 'session_end':
      return run.record({ type: 'session_ended', origin: 'system' });
    case 'decision_overdue':
      return escalateMissingDecision(run);
  }
};

const remind = async (run: AuditionRun, { offsetMs, participants }: Reminder): Promise<void> => {
  const label = `r${run.journal.view.revision}:${offsetMs}`;
  await notify(run, { notice: 'reminder', label, to: participants.filter(isExpected(run)) });
};

/** Participants who have declined get no reminder. */
const isExpected = ({ journal }: AuditionRun) => {
  const declined = journal.view.participants.filter(({ answer }) => answer === 'declined');
  return (id: ParticipantId): boolean => !declined.some((participant) => participant.id === id);
};

/** Only with nothing pending: no command, no background work, no open attention item, all events written. */
const mayContinueAsNew = (run: AuditionRun): boolean =>
  workflowInfo().continueAsNewSuggested &&
  run.commands.size === 0 &&
  run.background.size === 0 &&
  run.journal.isWritten &&
  allHandlersFinished();

const continueAsNewWithState = (run: AuditionRun): Promise<never> => {
  const input: AuditionInput = {
    plan: run.plan,
    carried: {
      view: run.journal.view,
      reminders: run.reminders,
      compensations: run.saga.pending,
      attentionRaised: run.attention.raised,
      answerEscalated: run.answerEscalated,
      decisionEscalated: run.decisionEscalated,
      scheduledAt: run.scheduledAt,
      movedAt: run.movedAt,
      room: run.meetingStatus,
      appliedFacts: run.signalDedup.appliedIds,
    },
  };
  return continueAsNew(input);
};
