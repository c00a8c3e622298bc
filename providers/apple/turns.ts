/** Lets other work of the process run while many events are expanded. */
import { setImmediate } from 'node:timers/promises';

/** How long events are expanded before other work gets its turn, in milliseconds. */
const turnMs = 20;

/** Creates the turns of one expansion. `next` is called after each event. @throws the reason of an aborted signal */
export const createTurns = (signal: AbortSignal): { next(): Promise<void> } => {
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
