/** Sets the handlers of the audition's messages. Each handler refuses or delegates. */
import { condition, setHandler } from '@temporalio/workflow';
import type { AuditionView } from '../../domain/audition/view.ts';
import { Refusal } from '../../domain/errors.ts';
import type { QueuedCommand } from './command-queue.ts';
import * as messages from './messages.ts';
import {
  refusalAsFailure,
  refuseAnswer,
  refuseCheckIn,
  refuseResolution,
  refuseUnlessAllowed,
  wrongState,
} from './refusals.ts';
import type { AuditionRun } from './run.ts';
import { recordAnswer } from './steps/answers.ts';
import { checkIn, meetingEnded, meetingStarted, recordDelivery } from './steps/session.ts';

/** Sets all handlers. Must be called before the first await, so that no message arrives without a handler. */
export const setHandlers = (run: AuditionRun): void => {
  const { journal, attention } = run;

  setHandler(messages.viewQuery, () => journal.view);

  setHandler(messages.firstResultUpdate, () => awaitFirstResult(run));

  setHandler(
    messages.respondUpdate,
    async (command) => {
      recordAnswer(run, command);
      return viewAfterFlush(run);
    },
    { validator: (command) => refuseAnswer(command, journal.view) },
  );

  setHandler(messages.rescheduleUpdate, (command) => submitCommand(run, { name: 'reschedule', command }), {
    validator: (_command) => refuseUnlessAllowed('reschedule', journal.view),
  });

  setHandler(messages.decideUpdate, (command) => submitCommand(run, { name: 'decide', command }), {
    validator: (_command) => refuseUnlessAllowed('decide', journal.view),
  });

  setHandler(
    messages.cancelUpdate,
    async ({ origin, reason, correlationId }) => {
      run.end({ type: 'cancelled', origin, ...(reason ? { reason } : {}) }, correlationId);
      await condition(() => run.isCleanedUp);
      return viewAfterFlush(run);
    },
    { validator: (_command) => refuseUnlessAllowed('cancel', journal.view) },
  );

  setHandler(
    messages.checkInUpdate,
    async (command) => {
      checkIn(run, command);
      return viewAfterFlush(run);
    },
    { validator: (command) => refuseCheckIn(command, journal.view, run.plan.policy.checkInOpens) },
  );

  setHandler(
    messages.resolveAttentionUpdate,
    async (command) => {
      attention.resolve(command);
      return viewAfterFlush(run);
    },
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
    messages.connectionRestoredSignal,
    applyOnce((restoration: messages.ConnectionRestored) => attention.connectionRestored(restoration)),
  );
};

const awaitFirstResult = async (run: AuditionRun): Promise<messages.FirstResult> => {
  await condition(() => run.firstResult !== undefined || run.ending !== undefined);
  await run.journal.flush();
  return run.firstResult ?? { kind: 'ended', view: run.journal.view };
};

/** Returns the view once all recorded facts are in the database. */
const viewAfterFlush = async (run: AuditionRun): Promise<AuditionView> => {
  await run.journal.flush();
  return run.journal.view;
};

/**
 * Queues a long command and waits for its result. When the main coroutine has to wait for an operator, the caller gets
 * the present view instead.
 */
const submitCommand = async (run: AuditionRun, command: QueuedCommand): Promise<AuditionView> => {
  const blockingBefore = run.attention.blockingCount;
  try {
    await run.commands.submit(
      command,
      () => run.ending !== undefined || run.attention.blockingCount > blockingBefore,
    );
  } catch (error) {
    throw error instanceof Refusal ? refusalAsFailure(error) : error;
  }
  if (run.ending && run.ending.type !== 'decided') throw refusalAsFailure(wrongState(command.name, 'closed'));
  return viewAfterFlush(run);
};
