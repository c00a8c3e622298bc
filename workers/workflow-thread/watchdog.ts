/**
 * Interrupts workflow code that never waits. One watchdog serves all workflow threads of a process, in place of the
 * timeout of each call into the sandbox.
 */
import type { Logger } from '../../foundation/observability/logger.ts';
import { createProgress, isProcessing, type Progress, stepsOf, threadIdOf } from './progress.ts';

export interface Watchdog {
  /** Watches a new thread. Returns the memory in which the thread reports its progress. */
  watch(): Progress;
  /** Rejects when the code of a thread cannot be interrupted. The process must exit then. */
  readonly failed: Promise<never>;
  stop(): void;
}

/** The SDK's default for a call into the sandbox. The server fails a workflow task after 10 s. */
const limitMs = 5_000;
/**
 * A thread exceeds the limit when it makes no step during this many checks. Checks are counted instead of seconds, so
 * that a process that was suspended (SIGSTOP) interrupts nothing when it continues.
 */
const checksPerLimit = 10;
const maxInterruptions = 3;

interface Watched {
  readonly progress: Progress;
  steps: number;
  checks: number;
  interruptions: number;
}

/** Starts a watchdog. `interrupt` interrupts a thread, and returns false when the thread no longer exists. */
export const startWatchdog = ({
  interrupt,
  logger,
}: {
  readonly interrupt: (threadId: number) => Promise<boolean>;
  readonly logger: Pick<Logger, 'error'>;
}): Watchdog => {
  const threads = new Set<Watched>();
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  // A failure before anything awaits `failed` must not end the process as an unhandled rejection.
  failed.catch(() => {});

  const check = (thread: Watched): void => {
    const steps = stepsOf(thread.progress);
    if (steps !== thread.steps) Object.assign(thread, { steps, checks: 0, interruptions: 0 });
    if (!isProcessing(steps)) return;
    thread.checks += 1;
    if (thread.checks <= checksPerLimit) return;
    thread.checks = 0;
    thread.interruptions += 1;
    void interruptCode(thread);
  };

  const interruptCode = async (thread: Watched): Promise<void> => {
    const threadId = threadIdOf(thread.progress);
    const fields = { threadId, limitMs, interruption: thread.interruptions };
    if (thread.interruptions > maxInterruptions) {
      threads.delete(thread);
      logger.error(fields, 'workflow code cannot be interrupted; shutting down');
      fail(new Error(`the workflow code of thread ${threadId} cannot be interrupted`));
      return;
    }
    logger.error(fields, 'workflow code exceeded its time limit; interrupting it');
    try {
      if (!(await interrupt(threadId))) threads.delete(thread);
    } catch (err) {
      logger.error({ ...fields, err }, 'interruption of workflow code failed; retrying');
    }
  };

  const timer = setInterval(() => {
    for (const thread of threads) check(thread);
  }, limitMs / checksPerLimit).unref();

  return {
    watch: () => {
      const progress = createProgress();
      threads.add({ progress, steps: 0, checks: 0, interruptions: 0 });
      return progress;
    },
    failed,
    stop: () => clearInterval(timer),
  };
};
