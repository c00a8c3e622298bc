/** Asks Graph again for what it lists some time after its creation. Microsoft documents no time. */
import { setTimeout as pause } from 'node:timers/promises';
import type { ProviderOperation } from '../errors/error-table.ts';
import { transportError } from '../errors/transport-errors.ts';
import type { CallContext } from '../ports.ts';

/** Milliseconds. The pauses between the requests. */
export const pollMs = [300, 700, 1_500] as const;

interface Poll {
  readonly operation: ProviderOperation;
  readonly call: CallContext;
}

/** Calls until there is an answer, with pauses. Returns undefined when the last request has none either. */
export const polled = async <Answer>(
  poll: Poll,
  ask: () => Promise<Answer | undefined>,
): Promise<Answer | undefined> => {
  for (const delay of pollMs) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await wait(poll, delay);
  }
  return ask();
};

/** Waits. @throws {ProviderError} when the call is aborted */
export const wait = async ({ operation, call }: Poll, delayMs: number): Promise<void> => {
  await pause(delayMs, undefined, { signal: call.signal }).catch((error: unknown) => {
    throw transportError(operation, error, call);
  });
};
