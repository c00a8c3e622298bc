/** Lets other work of the process run while many events are expanded. */
import { setImmediate } from 'node:timers/promises';

/** How long events are expanded before other work gets its turn, in milliseconds. */
const turnMs = 20;

export interface Turns {
  /** Lets other work run when it is time. @throws the reason of an aborted signal */
  next(): Promise<void>;
}

/** Creates the turns of one expansion. `next` is called after each event. */
export const createTurns = (signal: AbortSignal): Turns => {
  let began = performance.now();
  return {
    next: async () => {
      if (performance.now() - began < turnMs) return;
      await setImmediate();
      signal.throwIfAborted();
      began = performance.now();
    },
  };
};
