/** Work beside the main line: it may wait for a person for days without holding up the rest of the audition. */
import { isCancellation } from '@temporalio/workflow';
import { Aborted, type EndingFact } from './ending.ts';

export interface BackgroundWork {
  readonly size: number;
  /**
   * Starts the work and resolves when it is done or has said that it goes on alone. An operator's abort in it ends
   * the audition; a mistake in the code surfaces in `done`.
   */
  start(work: (detach: () => void) => Promise<void>): Promise<void>;
  /** Resolves when nothing is left; throws what nobody foresaw. */
  waitForAll(): Promise<void>;
}

/** `settled` is called when work that went on alone is over: nobody else waits for what it has recorded. */
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
      // No Trigger: that one would throw at a cancellation, also where nobody waits for it.
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
