/**
 * Wakes the main loop at a deadline. No timer is ever cancelled: one that ends before the next deadline rings too early,
 * and one that ends later may serve a later deadline. Both cost less than to cancel a timer and to start another.
 */
import { CancellationScope, sleep } from '@temporalio/workflow';

export interface Alarm {
  /** When the next running timer ends, epoch milliseconds. Undefined when none runs. */
  readonly at: number | undefined;
  /** Makes the alarm ring at this time (epoch milliseconds) or earlier. */
  setBy(at: number, summary: string): void;
}

/** Creates the alarm. The end of the audition leaves its timers running: to cancel one would cost a history event. */
export const createAlarm = (): Alarm => {
  const scope = new CancellationScope({ cancellable: false });
  const running = new Set<number>();
  const next = (): number | undefined => (running.size === 0 ? undefined : Math.min(...running));

  const ring = async (at: number, ms: number, summary: string): Promise<void> => {
    await scope.run(() => sleep(ms, { summary }));
    running.delete(at);
  };

  return {
    get at() {
      return next();
    },
    setBy(at, summary) {
      const earliest = next();
      if (earliest !== undefined && earliest <= at) return;
      running.add(at);
      void ring(at, Math.max(1, at - Date.now()), summary);
    },
  };
};
