/** Runs a loop in a worker process until it is stopped. */
import { setTimeout as pause } from 'node:timers/promises';

export interface Loop {
  /** Starts no further round and resolves when the current one has ended. Can be called repeatedly. */
  stop(): Promise<void>;
}

/**
 * Repeats `turn` until the loop is stopped. `turn` receives the number of consecutive failures before it and returns
 * whether it succeeded. The round must include its own pause and must not throw.
 */
export const startLoop = (turn: (stopping: AbortSignal, failures: number) => Promise<boolean>): Loop => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const run = async (): Promise<void> => {
    let failures = 0;
    while (!signal.aborted) failures = (await turn(signal, failures)) ? 0 : failures + 1;
  };
  const running = run();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
};

/** Waits `ms` milliseconds, or until the loop is stopped. */
export const pauseIn = async (stopping: AbortSignal, ms: number): Promise<void> => {
  await pause(ms, undefined, { signal: stopping }).catch(() => undefined);
};
