/**
 * The long part: from scheduled to the end. Waits for whatever comes first, a command, a fact or the next thing due,
 * and goes on until the audition is ended.
 */
import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { Reminder } from '../../domain/audition/reminder-plan.ts';
import type { Refusal } from '../../domain/errors.ts';
import type { ParticipantId } from '../../domain/ids.ts';
import { type Due, isSame, nextDue } from './agenda.ts';
import type { QueuedCommand } from './command-queue.ts';
import type { AuditionInput } from './messages.ts';
import type { AuditionRun } from './run.ts';
import { escalateSilence } from './steps/answers.ts';
import { decide, escalateDecision } from './steps/decision.ts';
import { notify } from './steps/notices.ts';
import { reschedule } from './steps/reschedule.ts';
import { startSession } from './steps/session.ts';

export const accompany = async (run: AuditionRun): Promise<void> => {
  while (!run.ending) {
    await run.commands.drain(
      (queued) => carryOut(run, queued),
      (refusal) => refusedLate(run, refusal),
    );
    if (run.ending) return;
    if (mayContinueAsNew(run)) await goOnAsNew(run);
    run.journal.save();
    await waitForNext(run);
  }
};

/** Its caller has been told by then that a person was asked: what became of it stands in the trail. */
const refusedLate = ({ journal }: AuditionRun, { code, message }: Refusal): void =>
  journal.record({ type: 'move_refused', code, reason: message });

const carryOut = (run: AuditionRun, queued: QueuedCommand): Promise<Refusal | undefined> => {
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
  const due = nextDue(run);
  const somethingCame = () =>
    run.commands.size > 0 || run.ending !== undefined || !isSame(nextDue(run), due) || mayContinueAsNew(run);
  if (!due) {
    await condition(somethingCame);
    return;
  }
  const waitMs = Math.max(0, due.at - Date.now());
  const came = waitMs > 0 && (await condition(somethingCame, waitMs, { summary: summaries[due.kind] }));
  if (!came && isSame(nextDue(run), due)) await attendTo(run, due);
};

const summaries: Readonly<Record<Due['kind'], string>> = {
  reminder: 'Until the next reminder',
  silence: 'Until an unanswered invitation escalates',
  session_start: 'Until the session of an open meeting may begin',
  no_show: 'Until an absent performer is a no-show',
  session_end: 'Until the session is taken to be over',
  late_decision: 'Until a missing decision escalates',
};

const attendTo = async (run: AuditionRun, due: Due): Promise<void> => {
  switch (due.kind) {
    case 'reminder':
      run.reminders = run.reminders.filter((other) => other !== due.reminder);
      void run.beside((goOn) => {
        goOn();
        return remind(run, due.reminder);
      });
      return;
    case 'silence':
      return escalateSilence(run);
    case 'session_start':
      return startSession(run, due.origin);
    case 'no_show':
      return run.end({ type: 'no_show' });
    case 'session_end':
      return run.record({ type: 'session_ended', origin: 'system' });
    case 'late_decision':
      return escalateDecision(run);
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

const goOnAsNew = (run: AuditionRun): Promise<never> => {
  const input: AuditionInput = {
    plan: run.plan,
    carried: {
      view: run.journal.view,
      reminders: run.reminders,
      compensations: run.saga.pending,
      attentionRaised: run.desk.raised,
      answerEscalated: run.answerEscalated,
      decisionEscalated: run.decisionEscalated,
      scheduledAt: run.scheduledAt,
      movedAt: run.movedAt,
      room: run.room,
      appliedFacts: run.intake.applied,
    },
  };
  return continueAsNew(input);
};
