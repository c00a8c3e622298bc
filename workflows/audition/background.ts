/** Runs work beside the main coroutine. It can wait days for an operator without blocking the rest of the audition. */
import { isCancellation } from '@temporalio/workflow';
import type { EndingFact } from '../../domain/audition/ending.ts';
import { Aborted, internalFailure } from './ending.ts';
import { isStepFailure } from './step-failures.ts';

export interface BackgroundWork {
  readonly size: number;
  /**
   * Starts the work. Resolves when the work is done or calls `detach`. An operator's abort in the work ends the
   * audition. An unexpected error in it is thrown by the next `start` or `waitForAll`.
   */
  start(work: (detach: () => void) => Promise<void>): Promise<void>;
  /** Resolves when all work is done. Throws the first unexpected error of any work. */
  waitForAll(): Promise<void>;
}

/**
 * Creates the set of background work.
 * @param end ends the audition after an operator's abort
 * @param onDetachedWorkDone called when detached work is done, to flush the facts it recorded
 */
export const createBackgroundWork = (
  end: (fact: EndingFact) => void,
  onDetachedWorkDone: () => void,
): BackgroundWork => {
  const running = new Set<Promise<void>>();
  const unexpectedErrors: unknown[] = [];

  const handleErrors = async (work: Promise<void>, release: () => void): Promise<void> => {
    try {
      await work;
    } catch (error) {
      if (error instanceof Aborted) end(error.ending);
      // No failure may leave effects behind: the audition ends and is compensated.
      else if (isStepFailure(error)) end(internalFailure(error));
      else if (!isCancellation(error)) unexpectedErrors.push(error);
    } finally {
      release();
    }
  };

  return {
    get size() {
      return running.size;
    },
    async start(work) {
      // Not a Temporal `Trigger`: a cancellation rejects it, which would be an unhandled rejection here.
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      let isDetached = false;
      const detach = () => {
        isDetached = true;
        release();
      };
      const runToCompletion = async (): Promise<void> => {
        await handleErrors(work(detach), release);
        if (isDetached) onDetachedWorkDone();
      };
      const task = runToCompletion();
      running.add(task);
      void task.finally(() => running.delete(task));
      await released;
      if (unexpectedErrors.length > 0) throw unexpectedErrors[0];
    },
    async waitForAll() {
      while (running.size > 0) await Promise.all(running);
      if (unexpectedErrors.length > 0) throw unexpectedErrors[0];
    },
  };
};
