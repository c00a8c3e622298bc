/** The main loop, from scheduled to the end: executes commands and handles deadlines until the audition ends. */

import { allHandlersFinished, condition, continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { FactSource } from '../../domain/audition/principal.ts';
import type { Refusal } from '../../domain/errors.ts';
import type { QueuedCommand } from './command-queue.ts';
import { type Deadline, latestWake, nextDeadline } from './deadlines.ts';
import type { AuditionInput } from './messages.ts';
import { changeInProgress, interruption } from './refusals.ts';
import type { AuditionRun } from './run.ts';
import { escalateMissingAnswer, pendingDecline, withdrawDecline } from './steps/answers.ts';
import { changeCast } from './steps/cast.ts';
import { decide, escalateMissingDecision } from './steps/decision.ts';
import { sendPresentLink } from './steps/meeting-access.ts';
import { checkMeeting } from './steps/meeting-check.ts';
import { endMeeting } from './steps/meeting-end.ts';
import { changeMeeting, leaveProvider } from './steps/other-meeting.ts';
import { sendDueReminders } from './steps/reminders.ts';
import { replaceMeeting } from './steps/replace-meeting.ts';
import { reschedule } from './steps/reschedule.ts';
import { endSessionInTime, handleMissingSession, startSession } from './steps/session.ts';

/** Runs the loop until the audition ends. Continues as new when Temporal suggests it and no work is pending. */
export const runMainLoop = async (run: AuditionRun): Promise<void> => {
  while (!run.ending) {
    while (canStartCommand(run)) await startCommand(run);
    if (mustReplaceMeeting(run)) startReplacingMeeting(run);
    else if (mustSendLink(run)) startSendingLink(run);
    if (run.arrivingUpdates > 0) {
      // An update that was sent before a deadline was handled comes first, as in the history.
      await condition(() => run.arrivingUpdates === 0);
      continue;
    }
    handleDueDeadlines(run);
    if (run.ending) return;
    if (mayContinueAsNew(run)) await continueAsNewWithState(run);
    run.journal.flushInBackground();
    await waitForNext(run);
  }
};

/**
 * Returns whether the next command can start. A decision needs only that the audition is not between two slots. Other
 * commands wait until a change in progress is finished; when that waits for an operator, they are refused.
 */
const canStartCommand = ({ commands, change, ending }: AuditionRun): boolean => {
  if (ending || !commands.next) return false;
  if (!change || change.isWaiting) return true;
  return commands.next.name === 'decide' && !change.hasMoved;
};

const startCommand = async (run: AuditionRun): Promise<void> => {
  const { commands, change } = run;
  const refused = change?.isWaiting && (commands.next?.name !== 'decide' || change.hasMoved);
  const events = {
    onLateRefusal: (refusal: Refusal, { command }: QueuedCommand) => recordLateRefusal(run, refusal, command),
    refusalOf: ({ name }: QueuedCommand) => interruption(run, name),
  };
  if (refused) return commands.start(async ({ name }) => changeInProgress(name), events);
  const { next } = commands;
  if (next?.name === 'decide') return commands.start(() => decide(run, next.command), events);
  void run.runInBackground(async (detach) => {
    detach();
    await commands.start((queued) => makeChange(run, queued), events);
  });
};

/** The caller has already got the answer that an operator was asked. The refusal is therefore recorded in the trail. */
const recordLateRefusal = (
  { journal, ending }: AuditionRun,
  { code, message }: Refusal,
  { correlationId, principal }: FactSource,
): void => {
  if (!ending) journal.record({ type: 'move_refused', code, reason: message }, { correlationId, principal });
};

const makeChange = (run: AuditionRun, queued: QueuedCommand): Promise<Refusal | undefined> => {
  switch (queued.name) {
    case 'reschedule':
      return reschedule(run, queued.command);
    case 'respond':
      return withdrawDecline(run, queued.command);
    case 'participants':
      return changeCast(run, queued.command);
    case 'meeting':
      return changeMeeting(run, queued.command);
    case 'decide':
      return decide(run, queued.command);
  }
};

const mustReplaceMeeting = ({
  deletedMeetings,
  isMeetingLost,
  unusableMeeting,
  change,
  ending,
}: AuditionRun): boolean =>
  (deletedMeetings.length > 0 || isMeetingLost || unusableMeeting !== undefined) && !change && !ending;

const startReplacingMeeting = (run: AuditionRun): void => {
  const { deletedMeetings, isMeetingLost, unusableMeeting } = run;
  run.deletedMeetings = [];
  run.isMeetingLost = false;
  run.unusableMeeting = undefined;
  void run.runInBackground(async (detach) => {
    detach();
    await replaceMeeting(run, { deletedMeetings, isMeetingLost });
    if (unusableMeeting) await leaveProvider(run, unusableMeeting);
  });
};

const mustSendLink = ({ hasFormerLink, change, ending }: AuditionRun): boolean =>
  hasFormerLink && !change && !ending;

const startSendingLink = (run: AuditionRun): void => {
  run.hasFormerLink = false;
  void run.runInBackground(async (detach) => {
    detach();
    await sendPresentLink(run);
  });
};

/** Waits for a command, or for a deadline. Handlers process answers and reports themselves. */
const waitForNext = async (run: AuditionRun): Promise<void> => {
  const next = nextDeadline(run);
  if (next) run.alarm.setBy(latestWake(run, next), summaries[next.kind]);
  await condition(
    () =>
      canStartCommand(run) ||
      mustReplaceMeeting(run) ||
      mustSendLink(run) ||
      run.ending !== undefined ||
      needsAlarm(run) ||
      mayContinueAsNew(run),
  );
};

/** Returns whether the alarm has rung, or would ring after the next deadline. */
const needsAlarm = (run: AuditionRun): boolean => {
  const next = nextDeadline(run);
  return next !== undefined && (run.alarm.at === undefined || next.at < run.alarm.at);
};

const summaries: Readonly<Record<Deadline['kind'], string>> = {
  reminder: 'Until the next reminder',
  answer_overdue: 'Until an unanswered invitation escalates',
  decline_final: 'Until a decline is final',
  meeting_end: 'Until the meeting ends with its slot',
  meeting_check: 'Until the meeting is checked at its provider',
  session_start: 'Until the session of an open meeting can begin',
  session_missing: 'Until the casting office is asked about the session',
  session_end: 'Until the session counts as over',
  decision_overdue: 'Until a missing decision escalates',
  move_return: 'Until an unfinished move returns to the old slot',
  change_moot: 'Until the slot begins during a change',
};

const handleDueDeadlines = (run: AuditionRun): void => {
  let hasFired = false;
  for (let next = nextDeadline(run); next && next.at <= Date.now() && !run.ending; next = nextDeadline(run)) {
    hasFired = true;
    handleDeadline(run, next);
  }
  if (hasFired) run.journal.publish();
};

/** Handles a deadline. Afterwards the deadline no longer exists. */
const handleDeadline = (run: AuditionRun, deadline: Deadline): void => {
  switch (deadline.kind) {
    case 'reminder':
      return sendDueReminders(run);
    case 'answer_overdue':
      return escalateMissingAnswer(run);
    case 'decline_final': {
      const declined = pendingDecline(run);
      if (declined) run.end({ type: 'declined', participant: declined.id });
      return;
    }
    case 'meeting_check':
      return checkMeeting(run);
    case 'meeting_end':
      return endMeeting(run);
    case 'session_start':
      return startSession(run, deadline.origin);
    case 'session_missing':
      return handleMissingSession(run, deadline.at);
    case 'session_end':
      return endSessionInTime(run);
    case 'decision_overdue':
      return escalateMissingDecision(run);
    case 'move_return':
    case 'change_moot':
      // The change stays in progress until it has undone what it has done.
      run.change?.giveUp();
      return;
  }
};

/** Only with nothing pending: no command, no background work, no open attention item, all facts written. */
const mayContinueAsNew = (run: AuditionRun): boolean =>
  workflowInfo().continueAsNewSuggested &&
  run.commands.size === 0 &&
  run.background.size === 0 &&
  run.change === undefined &&
  run.deletedMeetings.length === 0 &&
  !run.isMeetingLost &&
  run.unusableMeeting === undefined &&
  !run.hasFormerLink &&
  run.journal.isWritten &&
  allHandlersFinished();

const continueAsNewWithState = (run: AuditionRun): Promise<never> => {
  const input: AuditionInput = {
    plan: run.plan,
    carried: {
      view: run.journal.view,
      factNumber: run.journal.number,
      reminders: run.reminders,
      compensations: run.saga.pending,
      claims: run.claims,
      meetingsRequested: run.meetingsRequested,
      appliedUpdates: run.appliedUpdates,
      sessionAsked: run.sessionAsked,
      answerEscalated: run.answerEscalated,
      decisionEscalated: run.decisionEscalated,
      scheduledAt: run.scheduledAt,
      movedAt: run.movedAt,
      meetingStatus: run.meetingStatus,
      appliedFacts: run.signalDedup.appliedIds,
      suppressedAddresses: run.suppressedAddresses,
      ...(run.emailEntries.length === 0 ? {} : { emailEntries: run.emailEntries }),
      answeredAt: run.answeredAt,
      ...(run.meetingCheckedAs === undefined ? {} : { meetingCheckedAs: run.meetingCheckedAs }),
      ...(run.meetingEndedAs === undefined ? {} : { meetingEndedAs: run.meetingEndedAs }),
      ...(run.reportOrders.last.length === 0 ? {} : { reportOrders: run.reportOrders.last }),
    },
  };
  return continueAsNew(input);
};
