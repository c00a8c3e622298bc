/**
 * What the current piece of work belongs to. It follows the work through every `await`, and each log line carries
 * it, so that one id finds a request in the API, the workflow, the activity and the provider call.
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

export const withCorrelation = <Result>(correlation: Correlation, work: () => Result): Result =>
  storage.run(correlation, work);

export const currentCorrelation = (): Correlation | undefined => storage.getStore();
