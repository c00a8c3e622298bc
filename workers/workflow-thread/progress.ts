/** Memory that a workflow thread shares with its watchdog: the id of the thread, and a count of its steps. */

/** `[id, steps]`. The number of steps is odd while the thread processes a request. */
export type Progress = Int32Array<SharedArrayBuffer>;

const idIndex = 0;
const stepsIndex = 1;

/** The key of the environment data that passes the memory to a new thread. */
export const progressKey = 'castmatch.workflow-thread.progress';

export const createProgress = (): Progress =>
  new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));

/** Stores the id by which the watchdog can interrupt the thread. */
export const claimProgress = (progress: Int32Array, threadId: number): void => {
  Atomics.store(progress, idIndex, threadId);
};

/** Counts a step: the thread begins or ends a request. */
export const countStep = (progress: Int32Array): void => {
  Atomics.add(progress, stepsIndex, 1);
};

export const threadIdOf = (progress: Progress): number => Atomics.load(progress, idIndex);

export const stepsOf = (progress: Progress): number => Atomics.load(progress, stepsIndex);

/** Returns true when a thread with this number of steps is processing a request. */
export const isProcessing = (steps: number): boolean => steps % 2 !== 0;
