/** What may be said to a running audition. Each handler refuses or delegates; set before the first await. */
import { condition, setHandler } from '@temporalio/workflow';
import type { AuditionView } from '../../domain/audition/view.ts';
import { Refusal } from '../../domain/errors.ts';
import type { QueuedCommand } from './command-queue.ts';
import * as messages from './messages.ts';
import {
  asFailure,
  refuseAnswer,
  refuseCheckIn,
  refuseResolution,
  refuseUnlessWelcome,
  wrongState,
} from './refusals.ts';
import type { AuditionRun } from './run.ts';
import { takeAnswer } from './steps/answers.ts';
import { checkIn, meetingEnded, meetingStarted, reportDelivery } from './steps/session.ts';

export const setHandlers = (run: AuditionRun): void => {
  const { journal, desk } = run;

  setHandler(messages.view, () => journal.view);

  setHandler(messages.firstResult, () => awaitFirstResult(run));

  setHandler(
    messages.respond,
    async (command) => {
      takeAnswer(run, command);
      return written(run);
    },
    { validator: (command) => refuseAnswer(command, journal.view) },
  );

  setHandler(messages.reschedule, (command) => queued(run, { name: 'reschedule', command }), {
    validator: (_command) => refuseUnlessWelcome('reschedule', journal.view),
  });

  setHandler(messages.decide, (command) => queued(run, { name: 'decide', command }), {
    validator: (_command) => refuseUnlessWelcome('decide', journal.view),
  });

  setHandler(
    messages.cancel,
    async ({ origin, reason, correlationId }) => {
      run.end({ type: 'cancelled', origin, ...(reason ? { reason } : {}) }, correlationId);
      await condition(() => run.isWoundUp);
      return written(run);
    },
    { validator: (_command) => refuseUnlessWelcome('cancel', journal.view) },
  );

  setHandler(
    messages.checkIn,
    async (command) => {
      checkIn(run, command);
      return written(run);
    },
    { validator: (command) => refuseCheckIn(command, journal.view, run.plan.policy.checkInOpens) },
  );

  setHandler(
    messages.resolveAttention,
    async (command) => {
      desk.resolve(command);
      return written(run);
    },
    { validator: (command) => refuseResolution(command, journal.view) },
  );

  /** A fact from outside takes effect the first time it is told, or never. */
  const once =
    <Fact extends messages.Told>(apply: (fact: Fact) => void) =>
    (fact: Fact): void => {
      if (!run.intake.admits(fact)) return;
      apply(fact);
      journal.save();
    };

  setHandler(
    messages.deliveryReported,
    once((report: messages.DeliveryReport) => reportDelivery(run, report)),
  );
  setHandler(
    messages.meetingStarted,
    once((report: messages.MeetingReport) => meetingStarted(run, report)),
  );
  setHandler(
    messages.meetingEnded,
    once((report: messages.MeetingReport) => meetingEnded(run, report)),
  );
  setHandler(
    messages.connectionRestored,
    once((restoration: messages.ConnectionRestored) => desk.restored(restoration)),
  );
};

const awaitFirstResult = async (run: AuditionRun): Promise<messages.FirstResult> => {
  await condition(() => run.firstResult !== undefined || run.ending !== undefined);
  await run.journal.flush();
  return run.firstResult ?? { kind: 'ended', view: run.journal.view };
};

/** The answer to a command that is carried out at once, given when its facts are in the database. */
const written = async (run: AuditionRun): Promise<AuditionView> => {
  await run.journal.flush();
  return run.journal.view;
};

/** A long command waits its turn; its caller waits no longer than until the main line waits for a person. */
const queued = async (run: AuditionRun, command: QueuedCommand): Promise<AuditionView> => {
  const heldUpBefore = run.desk.heldUp;
  try {
    await run.commands.submit(command, () => run.ending !== undefined || run.desk.heldUp > heldUpBefore);
  } catch (error) {
    throw error instanceof Refusal ? asFailure(error) : error;
  }
  if (run.ending && run.ending.type !== 'decided') throw asFailure(wrongState(command.name, 'closed'));
  return written(run);
};
