/**
 * One audition, from request to decision: the story. Each step is a file in `steps/`; what is true without Temporal
 * lives in `domain/`.
 */
import { allHandlersFinished, CancellationScope, condition } from '@temporalio/workflow';
import type { AuditionView } from '../../domain/audition/view.ts';
import { accompany } from './accompany.ts';
import { Aborted, isUndone } from './ending.ts';
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
    if (!(error instanceof Aborted)) throw error;
    run.end(error.ending);
  }
};

/** What happens when it has ended: undo what must be undone, answer everybody, leave nothing unfinished. */
const windUp = async (run: AuditionRun): Promise<void> => {
  const { ending, journal, background, saga } = run;
  run.commands.close(wrongState('reschedule', 'closed'));
  await journal.flush();
  if (ending && isUndone[ending.type]) {
    await saga.compensate((compensation) => background.start((goOn) => undo(run, compensation, goOn)));
  }
  await journal.flush();
  run.isWoundUp = true;
  await background.done();
  await journal.flush();
  await condition(allHandlersFinished);
};
