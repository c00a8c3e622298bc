/**
 * Wakes the main loop at a deadline. A running timer that ends before the next deadline is kept, and rings too early:
 * that costs less than to cancel it and to start another, because deadlines mostly move into the future.
 */
import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow';

export interface Alarm {
  /** When the running timer ends, epoch milliseconds. Undefined when none runs. */
  readonly at: number | undefined;
  /** Makes the alarm ring at this time (epoch milliseconds) or earlier. */
  setBy(at: number, summary: string): void;
}

/** Creates the alarm. The end of the audition leaves its timer running: to cancel it would cost a history event. */
export const createAlarm = (): Alarm => {
  const parent = new CancellationScope({ cancellable: false });
  let running: { readonly at: number; readonly scope: CancellationScope } | undefined;

  const ring = async (timer: NonNullable<typeof running>, ms: number, summary: string): Promise<void> => {
    try {
      await timer.scope.run(() => sleep(ms, { summary }));
    } catch (error) {
      if (!isCancellation(error)) throw error;
    }
    if (running === timer) running = undefined;
  };

  return {
    get at() {
      return running?.at;
    },
    setBy(at, summary) {
      if (running && running.at <= at) return;
      running?.scope.cancel();
      const timer = { at, scope: new CancellationScope({ cancellable: true, parent }) };
      running = timer;
      void ring(timer, Math.max(1, at - Date.now()), summary);
    },
  };
};
