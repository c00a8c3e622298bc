/** Sets the handlers of the audition's messages. Each handler refuses or delegates. */
import type { UpdateDefinition } from '@temporalio/common';
import { CancellationScope, condition, currentUpdateInfo, setHandler } from '@temporalio/workflow';
import type { CalendarChange } from '../../domain/audition/calendar-change.ts';
import type { ProposedTime, ReportedAnswer } from '../../domain/audition/reported-answer.ts';
import type { SessionBlockChange } from '../../domain/audition/session-block-change.ts';
import { Refusal } from '../../domain/errors.ts';
import type { QueuedCommand } from './command-queue.ts';
import { earlierResultsHandled } from './earlier-results.ts';
import * as messages from './messages.ts';
import {
  commandInterrupted,
  refusalAsFailure,
  refuseAnswer,
  refuseCheckIn,
  refuseDuringRecovery,
  refuseResolution,
  refuseUnlessAllowed,
  refuseUnlessChangeable,
  wrongState,
} from './refusals.ts';
import type { AuditionRun } from './run.ts';
import { isTrailAhead } from './step-failures.ts';
import { isWithdrawnDecline, pendingDecline, recordAnswer } from './steps/answers.ts';
import { calendarChanged } from './steps/calendar-changes.ts';
import { recordDelivery } from './steps/delivery.ts';
import { meetingDeleted } from './steps/replace-meeting.ts';
import { answerReported, timeProposed } from './steps/reported-answers.ts';
import { checkIn, meetingEnded, meetingStarted } from './steps/session.ts';
import { sessionBlockChanged } from './steps/session-block-changes.ts';

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

  /** Sets the handler of an update. The validator runs again when the update is applied: the state can have changed. */
  const setUpdateHandler = <Command>(
    update: UpdateDefinition<messages.UpdateAnswer, [Command]>,
    refuse: (command: Command) => void,
    apply: (command: Command) => Promise<messages.UpdateAnswer>,
  ): void =>
    setHandler(
      update,
      (command) =>
        applyUpdateOnce(
          run,
          () => refuse(command),
          () => apply(command),
        ),
      {
        validator: refuse,
      },
    );

  setUpdateHandler(
    messages.respondUpdate,
    (command) => {
      refuseAnswer(command, journal.view);
      // The slot must be claimed again.
      if (isWithdrawnDecline(run, command)) refuseDuringRecovery(run, 'respond');
    },
    async (command) => {
      // A queued answer is about the slot of now, whatever comes before it.
      const { revision = journal.view.revision } = command;
      if (isWithdrawnDecline(run, command))
        return submitCommand(run, { name: 'respond', command: { ...command, revision } });
      recordAnswer(run, command);
      return answerAfterFlush(run, { yieldHolds: pendingDecline(run) !== undefined });
    },
  );

  setUpdateHandler(
    messages.rescheduleUpdate,
    () => {
      refuseUnlessChangeable('reschedule', journal.view);
      refuseDuringRecovery(run, 'reschedule');
    },
    (command) => submitCommand(run, { name: 'reschedule', command }),
  );

  setUpdateHandler(
    messages.participantsUpdate,
    () => {
      refuseUnlessChangeable('participants', journal.view);
      refuseDuringRecovery(run, 'participants');
    },
    (command) => submitCommand(run, { name: 'participants', command }),
  );

  setUpdateHandler(
    messages.decideUpdate,
    () => {
      refuseUnlessAllowed('decide', journal.view);
      refuseDuringRecovery(run, 'decide');
    },
    (command) => submitCommand(run, { name: 'decide', command }),
  );

  setUpdateHandler(
    messages.cancelUpdate,
    () => refuseUnlessAllowed('cancel', journal.view),
    async ({ origin, reason, correlationId }) => {
      // The claim of the first slot appends its fact itself; the cancellation must follow it.
      await condition(() => !run.isClaiming);
      run.end({ type: 'cancelled', origin, ...(reason ? { reason } : {}) }, correlationId);
      await condition(() => run.isCleanedUp);
      return answerAfterFlush(run);
    },
  );

  setUpdateHandler(
    messages.checkInUpdate,
    (command) => refuseCheckIn(command, journal.view, run.plan.policy.checkInOpens),
    async (command) => {
      checkIn(run, command);
      return answerAfterFlush(run);
    },
  );

  setUpdateHandler(
    messages.resolveAttentionUpdate,
    (command) => refuseResolution(command, journal.view),
    async (command) => {
      attention.resolve(command);
      return answerAfterFlush(run);
    },
  );

  /** Applies an external fact only the first time it arrives. */
  const applyOnce =
    <Fact extends messages.ExternalFact>(apply: (fact: Fact) => void) =>
    async (fact: Fact): Promise<void> => {
      await untilRecordable(run);
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
  setHandler(
    messages.answerReportedSignal,
    applyOnce((report: ReportedAnswer) => answerReported(run, report)),
  );
  setHandler(
    messages.timeProposedSignal,
    applyOnce((proposal: ProposedTime) => timeProposed(run, proposal)),
  );
  setHandler(
    messages.sessionBlockChangedSignal,
    applyOnce((change: SessionBlockChange) => sessionBlockChanged(run, change)),
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
 * While another run is ahead in the trail, nothing can be recorded: this run then takes the audition over. While a move
 * is being reverted, it is not known yet which slot a message is about.
 */
const untilRecordable = async (run: AuditionRun): Promise<void> => {
  const isRecordable = () => !run.isSuperseded && !run.isReverting;
  if (!isRecordable()) await CancellationScope.nonCancellable(() => condition(isRecordable));
};

/**
 * Applies an update. An update that an earlier run has applied, before it continued as new, is only answered: within one
 * run, Temporal itself deduplicates updates by their id.
 * @param refuse throws when the state does not allow the update
 */
const applyUpdateOnce = (
  run: AuditionRun,
  refuse: () => void,
  apply: () => Promise<messages.UpdateAnswer>,
): Promise<messages.UpdateAnswer> =>
  CancellationScope.nonCancellable(async () => {
    const id = currentUpdateInfo()?.id;
    const { answer } = await startApplying(run, () => {
      if (id !== undefined && run.appliedUpdates.includes(id)) return answerAfterFlush(run);
      refuse();
      return unlessTakenOver(run, apply);
    });
    const applied = await answer;
    if (id !== undefined && !run.appliedUpdates.includes(id))
      run.appliedUpdates = [...run.appliedUpdates, id].slice(-maxRememberedUpdates);
    return applied;
  });

/**
 * Starts to apply an update when its turn has come. Until then, the update counts as arriving. Returns the answer in an
 * object, because the answer can come days later.
 */
const startApplying = async (
  run: AuditionRun,
  apply: () => Promise<messages.UpdateAnswer>,
): Promise<{ readonly answer: Promise<messages.UpdateAnswer> }> => {
  run.arrivingUpdates += 1;
  try {
    await earlierResultsHandled();
    await untilRecordable(run);
    return { answer: apply() };
  } finally {
    run.arrivingUpdates -= 1;
  }
};

/** Refuses an update whose facts were lost, since the run turned out to be behind the trail. */
const unlessTakenOver = async <Answer>(run: AuditionRun, apply: () => Promise<Answer>): Promise<Answer> => {
  const { adoptions } = run.journal;
  try {
    const answer = await apply();
    if (run.journal.adoptions === adoptions) return answer;
  } catch (error) {
    if (!isTrailAhead(error)) throw error;
  }
  throw refusalAsFailure(commandInterrupted());
};

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
  const isEndedByOther =
    run.ending && (run.ending.type !== 'decided' || (result === 'pending' && command.name !== 'decide'));
  if (isEndedByOther) throw refusalAsFailure(wrongState(command.name, 'closed'));
  const answer = await answerAfterFlush(run);
  return result === 'pending' ? { ...answer, isPending: true } : answer;
};
