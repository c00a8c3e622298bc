/** Runs one audition from request to decision. Each step is a file in `steps/`; pure rules are in `domain/`. */
import { allHandlersFinished, CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { AuditionView } from '../../domain/audition/view.ts';
import { compensate } from './compensate.ts';
import { Aborted, internalFailure, needsCompensation } from './ending.ts';
import { setHandlers } from './handlers.ts';
import { runMainLoop } from './main-loop.ts';
import type { AuditionInput } from './messages.ts';
import { wrongState } from './refusals.ts';
import { type AuditionRun, createRun } from './run.ts';
import { isStepFailure } from './step-failures.ts';
import { holdFirstSlot } from './steps/hold.ts';
import { schedule } from './steps/schedule.ts';

/** Runs the audition until it is closed. Returns its final view. */
export async function audition(input: AuditionInput): Promise<AuditionView> {
  const run = createRun(input);
  setHandlers(run);
  await run.runUntilEnded(() => runAudition(run));
  await CancellationScope.nonCancellable(() => cleanUp(run));
  return run.journal.view;
}

/** Schedules the audition and runs the main loop until the audition ends. */
const runAudition = async (run: AuditionRun): Promise<void> => {
  try {
    if (!run.isResumed) {
      run.saga.register({ id: 'holds', stage: 'hold', kind: 'release_holds' });
      await holdFirstSlot(run);
      const { slot } = run.journal.view;
      if (run.ending || !slot) return;
      await schedule(run, slot);
    }
    await runMainLoop(run);
  } catch (error) {
    if (error instanceof Aborted) return run.end(error.ending);
    if (isCancellation(error) || !isStepFailure(error)) throw error;
    run.end(internalFailure(error));
  }
};

/** Refuses queued commands, compensates if necessary, and waits for background work, the trail and all handlers. */
const cleanUp = async (run: AuditionRun): Promise<void> => {
  const { ending, journal, background, saga } = run;
  run.commands.close(wrongState('reschedule', 'closed'));
  journal.flushInBackground();
  if (ending && needsCompensation(ending, run.stateAtEnd)) {
    await saga.compensate((compensation) =>
      background.start((detach) => compensate(run, compensation, detach)),
    );
  }
  run.isCleanedUp = true;
  await background.waitForAll();
  try {
    await journal.flush();
  } finally {
    await condition(allHandlersFinished);
  }
};
