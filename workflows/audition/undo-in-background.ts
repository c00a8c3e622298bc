/** Undoes single steps of an audition that goes on. */
import { CancellationScope } from '@temporalio/workflow';
import { type CompensationOptions, compensate } from './compensate.ts';
import type { AuditionCompensation } from './compensations.ts';
import type { AuditionRun } from './run.ts';

/** Runs the compensations without blocking the main coroutine. */
export const undoInBackground = (
  run: AuditionRun,
  compensations: readonly AuditionCompensation[],
  options?: Pick<CompensationOptions, 'recipients' | 'decliners' | 'label' | 'isPatient' | 'isMoot'>,
): void => {
  for (const compensation of compensations) {
    // Removed from the saga first, so that an ending in the meantime does not run it again.
    run.saga.remove(compensation.id);
    void run.background.start(async (detach) => {
      detach();
      await CancellationScope.nonCancellable(() => compensate(run, compensation, options));
    });
  }
};
