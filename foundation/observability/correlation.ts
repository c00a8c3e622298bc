/**
 * Holds the ids of the current unit of work across every `await`. Each log line carries them, so that one
 * correlation id finds a request in the API, the workflow, the activity and the provider call.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

export interface Correlation {
  readonly correlationId: string;
  readonly organization?: string | undefined;
  readonly auditionId?: string | undefined;
  readonly workflowId?: string | undefined;
  readonly activity?: string | undefined;
  readonly attempt?: number | undefined;
}

const storage = new AsyncLocalStorage<Correlation>();

/** Runs `work` with these ids. */
export const withCorrelation = <Result>(correlation: Correlation, work: () => Result): Result =>
  storage.run(correlation, work);

/** Returns the ids of the current unit of work, or undefined outside `withCorrelation`. */
export const currentCorrelation = (): Correlation | undefined => storage.getStore();
