/** Work beside the main line: it may wait for a person for days without holding up the rest of the audition. */
import { isCancellation } from '@temporalio/workflow';
import { Aborted, type EndingFact } from './ending.ts';

export interface Background {
  readonly size: number;
  /**
   * Starts the work and resolves when it is done or has said that it goes on alone. An operator's abort in it ends
   * the audition; a mistake in the code surfaces in `done`.
   */
  start(work: (goOn: () => void) => Promise<void>): Promise<void>;
  /** Resolves when nothing is left; throws what nobody foresaw. */
  done(): Promise<void>;
}

/** `settled` is called when work that went on alone is over: nobody else waits for what it has recorded. */
export const openBackground = (end: (fact: EndingFact) => void, settled: () => void): Background => {
  const running = new Set<Promise<void>>();
  const mistakes: unknown[] = [];

  const guarded = async (work: Promise<void>, release: () => void): Promise<void> => {
    try {
      await work;
    } catch (error) {
      if (error instanceof Aborted) end(error.ending);
      else if (!isCancellation(error)) mistakes.push(error);
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
      let isAlone = false;
      const goOn = () => {
        isAlone = true;
        release();
      };
      const toItsEnd = async (): Promise<void> => {
        await guarded(work(goOn), release);
        if (isAlone) settled();
      };
      const task = toItsEnd();
      running.add(task);
      void task.finally(() => running.delete(task));
      await released;
      if (mistakes.length > 0) throw mistakes[0];
    },
    async done() {
      while (running.size > 0) await Promise.all(running);
      if (mistakes.length > 0) throw mistakes[0];
    },
  };
};
