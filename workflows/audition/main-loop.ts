/**
 * The long part: from scheduled to the end. Waits for whatever comes first, a command, a fact or the next thing due,
 * and goes on until the audition is ended.
 */
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

/** Its caller has been told by then that a person was asked: what became of it stands in the trail. */
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
 * Waits for a command or for the next thing due, and attends to what is due. What else comes, answers and reports,
 * is taken by its handler: it wakes the main line only when it changes what is due next, so that the timer need not
 * be set anew for it.
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
  const came = waitMs > 0 && (await condition(shouldWake, waitMs, { summary: summaries[deadline.kind] }));
  if (!came && isSameDeadline(nextDeadline(run), deadline)) await handleDeadline(run, deadline);
};

const summaries: Readonly<Record<Deadline['kind'], string>> = {
  reminder: 'Until the next reminder',
  silence: 'Until an unanswered invitation escalates',
  session_start: 'Until the session of an open meeting may begin',
  no_show: 'Until an absent performer is a no-show',
  session_end: 'Until the session is taken to be over',
  late_decision: 'Until a missing decision escalates',
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
    case 'silence':
      return escalateMissingAnswer(run);
    case 'session_start':
      return startSession(run, deadline.origin);
    case 'no_show':
      return run.end({ type: 'no_show' });
    case 'session_end':
      return run.record({ type: 'session_ended', origin: 'system' });
    case 'late_decision':
      return escalateMissingDecision(run);
  }
};

const remind = async (run: AuditionRun, { offsetMs, participants }: Reminder): Promise<void> => {
  const label = `r${run.journal.view.revision}:${offsetMs}`;
  await notify(run, { notice: 'reminder', label, to: participants.filter(isExpected(run)) });
};

/** Whoever has declined is not reminded. */
const isExpected = ({ journal }: AuditionRun) => {
  const declined = journal.view.participants.filter(({ answer }) => answer === 'declined');
  return (id: ParticipantId): boolean => !declined.some((participant) => participant.id === id);
};

/** Only with nothing pending: no command, nobody asked, nothing beside the main line, every event written. */
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
