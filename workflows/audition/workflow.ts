/**
 * One audition, from request to decision: the story. Each step is a file in `steps/`; what is true without Temporal
 * lives in `domain/`.
 */
import { allHandlersFinished, CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { AuditionView } from '../../domain/audition/view.ts';
import { accompany } from './accompany.ts';
import { Aborted, isUndone, unforeseen } from './ending.ts';
import { isStepFailure } from './failures.ts';
import { setHandlers } from './handlers.ts';
import type { AuditionInput } from './messages.ts';
import { wrongState } from './refusals.ts';
import { type AuditionRun, beginRun } from './run.ts';
import { holdFirstSlot } from './steps/hold.ts';
import { schedule } from './steps/schedule.ts';
import { undo } from './undo.ts';

export async function audition(input: AuditionInput): Promise<AuditionView> {
  const run = beginRun(input);
  setHandlers(run);
  await run.untilEnded(() => conduct(run));
  await CancellationScope.nonCancellable(() => windUp(run));
  return run.journal.view;
}

/** What happens as long as nothing ends it. */
const conduct = async (run: AuditionRun): Promise<void> => {
  try {
    if (!run.isResumed) {
      run.saga.register({ id: 'holds', stage: 'hold', kind: 'release_holds' });
      await holdFirstSlot(run);
      const { slot } = run.journal.view;
      if (run.ending || !slot) return;
      await schedule(run, slot);
    }
    await accompany(run);
  } catch (error) {
    if (error instanceof Aborted) return run.end(error.ending);
    if (isCancellation(error) || !isStepFailure(error)) throw error;
    run.end(unforeseen(error));
  }
};

/** What happens when it has ended: undo what must be undone, answer everybody, leave nothing unfinished. */
const windUp = async (run: AuditionRun): Promise<void> => {
  const { ending, journal, background, saga } = run;
  run.commands.close(wrongState('reschedule', 'closed'));
  journal.save();
  if (ending && isUndone(ending, run.endedIn)) {
    await saga.compensate((compensation) => background.start((goOn) => undo(run, compensation, goOn)));
  }
  run.isWoundUp = true;
  await background.done();
  try {
    await journal.flush();
  } finally {
    await condition(allHandlersFinished);
  }
};
