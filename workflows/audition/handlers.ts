/** Sets the handlers of the audition's messages. Each handler refuses or delegates. */
import { CancellationScope, condition, currentUpdateInfo, setHandler } from '@temporalio/workflow';
import type { CalendarChange } from '../../domain/audition/calendar-change.ts';
import { Refusal } from '../../domain/errors.ts';
import type { QueuedCommand } from './command-queue.ts';
import { earlierResultsHandled } from './earlier-results.ts';
import * as messages from './messages.ts';
import {
  refusalAsFailure,
  refuseAnswer,
  refuseCheckIn,
  refuseResolution,
  refuseUnlessAllowed,
  refuseUnlessChangeable,
  wrongState,
} from './refusals.ts';
import type { AuditionRun } from './run.ts';
import { isWithdrawnDecline, pendingDecline, recordAnswer } from './steps/answers.ts';
import { calendarChanged } from './steps/calendar-changes.ts';
import { recordDelivery } from './steps/delivery.ts';
import { meetingDeleted } from './steps/replace-meeting.ts';
import { checkIn, meetingEnded, meetingStarted } from './steps/session.ts';

/**
 * Sets all handlers. A workflow that is cancelled in Temporal ends its audition; callers of updates that it has accepted
 * then get an answer, so updates are applied in a scope that cannot be cancelled. Must be called before the
 * first await, so that no message arrives without a handler.
 */
export const setHandlers = (run: AuditionRun): void => {
  const { journal, attention } = run;

  setHandler(messages.viewQuery, () => journal.view);
  setHandler(messages.planQuery, () => run.plan);

  setHandler(messages.firstResultUpdate, () => CancellationScope.nonCancellable(() => awaitFirstResult(run)));

  setHandler(
    messages.respondUpdate,
    (command) =>
      applyUpdateOnce(run, async () => {
        // A queued answer is about the slot of now, whatever comes before it.
        const { revision = journal.view.revision } = command;
        if (isWithdrawnDecline(run, command))
          return submitCommand(run, { name: 'respond', command: { ...command, revision } });
        recordAnswer(run, command);
        return answerAfterFlush(run, { yieldHolds: pendingDecline(run) !== undefined });
      }),
    { validator: (command) => refuseAnswer(command, journal.view) },
  );

  setHandler(
    messages.rescheduleUpdate,
    (command) => applyUpdateOnce(run, () => submitCommand(run, { name: 'reschedule', command })),
    { validator: (_command) => refuseUnlessChangeable('reschedule', journal.view) },
  );

  setHandler(
    messages.participantsUpdate,
    (command) => applyUpdateOnce(run, () => submitCommand(run, { name: 'participants', command })),
    { validator: (_command) => refuseUnlessChangeable('participants', journal.view) },
  );

  setHandler(
    messages.decideUpdate,
    (command) => applyUpdateOnce(run, () => submitCommand(run, { name: 'decide', command })),
    { validator: (_command) => refuseUnlessAllowed('decide', journal.view) },
  );

  setHandler(
    messages.cancelUpdate,
    ({ origin, reason, correlationId }) =>
      CancellationScope.nonCancellable(async () => {
        await earlierResultsHandled();
        // The claim of the first slot appends its fact itself; the cancellation must follow it.
        await condition(() => !run.isClaiming);
        run.end({ type: 'cancelled', origin, ...(reason ? { reason } : {}) }, correlationId);
        await condition(() => run.isCleanedUp);
        return answerAfterFlush(run);
      }),
    { validator: (_command) => refuseUnlessAllowed('cancel', journal.view) },
  );

  setHandler(
    messages.checkInUpdate,
    (command) =>
      applyUpdateOnce(run, async () => {
        checkIn(run, command);
        return answerAfterFlush(run);
      }),
    { validator: (command) => refuseCheckIn(command, journal.view, run.plan.policy.checkInOpens) },
  );

  setHandler(
    messages.resolveAttentionUpdate,
    (command) =>
      applyUpdateOnce(run, async () => {
        attention.resolve(command);
        return answerAfterFlush(run);
      }),
    { validator: (command) => refuseResolution(command, journal.view) },
  );

  /** Applies an external fact only the first time it arrives. */
  const applyOnce =
    <Fact extends messages.ExternalFact>(apply: (fact: Fact) => void) =>
    (fact: Fact): void => {
      if (!run.signalDedup.markApplied(fact)) return;
      apply(fact);
      journal.flushInBackground();
    };

  setHandler(
    messages.deliveryReportedSignal,
    applyOnce((report: messages.DeliveryReport) => recordDelivery(run, report)),
  );
  setHandler(
    messages.meetingStartedSignal,
    applyOnce((report: messages.MeetingReport) => meetingStarted(run, report)),
  );
  setHandler(
    messages.meetingEndedSignal,
    applyOnce((report: messages.MeetingReport) => meetingEnded(run, report)),
  );
  setHandler(
    messages.meetingDeletedSignal,
    applyOnce((report: messages.MeetingReport) => meetingDeleted(run, report)),
  );
  setHandler(messages.slotTakenSignal, () => {
    run.slotTakenAs = journal.view.revision;
  });
  setHandler(
    messages.connectionRestoredSignal,
    applyOnce((restoration: messages.ConnectionRestored) => attention.connectionRestored(restoration)),
  );
  setHandler(
    messages.calendarChangedSignal,
    applyOnce((change: CalendarChange) => calendarChanged(run, change)),
  );
};

const awaitFirstResult = async (run: AuditionRun): Promise<messages.FirstResult> => {
  await earlierResultsHandled();
  await condition(
    () =>
      run.firstResult !== undefined ||
      run.refusal !== undefined ||
      run.ending !== undefined ||
      run.isCleanedUp,
  );
  if (run.refusal) throw refusalAsFailure(run.refusal);
  const answer = await answerAfterFlush(run);
  return { ...(run.firstResult ?? { kind: 'ended' }), ...answer };
};

/** Answers once all recorded facts are in the database. */
const answerAfterFlush = async (
  run: AuditionRun,
  { yieldHolds }: { yieldHolds?: boolean } = {},
): Promise<messages.UpdateAnswer> => ({
  sequence: await run.journal.flush(yieldHolds ? { yieldHolds } : undefined),
});

/** How many ids of applied updates are remembered. Callers repeat a request within minutes. */
const maxRememberedUpdates = 200;

/**
 * Applies an update. An update that an earlier run has applied, before it continued as new, is only answered: within one
 * run, Temporal itself deduplicates updates by their id.
 */
const applyUpdateOnce = (
  run: AuditionRun,
  apply: () => Promise<messages.UpdateAnswer>,
): Promise<messages.UpdateAnswer> =>
  CancellationScope.nonCancellable(async () => {
    await earlierResultsHandled();
    const id = currentUpdateInfo()?.id;
    if (id !== undefined && run.appliedUpdates.includes(id)) return answerAfterFlush(run);
    const answer = await apply();
    if (id !== undefined) run.appliedUpdates = [...run.appliedUpdates, id].slice(-maxRememberedUpdates);
    return answer;
  });

/** Refuses a command that arrived with what has ended the audition: nothing would take it from the queue. */
const refuseOnceEnded = ({ ending }: AuditionRun, { name }: QueuedCommand): void => {
  if (ending) throw refusalAsFailure(wrongState(name, 'closed'));
};

/**
 * Queues a long command and waits for its result. When the command has to wait for an operator, the caller gets an
 * answer in the meantime.
 */
const submitCommand = async (run: AuditionRun, command: QueuedCommand): Promise<messages.UpdateAnswer> => {
  refuseOnceEnded(run, command);
  let result: 'done' | 'pending';
  try {
    result = await run.commands.submit(
      command,
      () => run.ending !== undefined || run.change?.isWaiting === true,
    );
  } catch (error) {
    throw error instanceof Refusal ? refusalAsFailure(error) : error;
  }
  if (run.ending && run.ending.type !== 'decided') throw refusalAsFailure(wrongState(command.name, 'closed'));
  const answer = await answerAfterFlush(run);
  return result === 'pending' ? { ...answer, isPending: true } : answer;
};
