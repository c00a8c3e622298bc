/** Logs calls to providers, so that a correlation id finds the calls that were made for it. */
import type { VendorName } from '../../domain/providers/vendors.ts';
import type { AnyOperationName } from '../operations.ts';

interface CallLogger {
  info(about: Readonly<Record<string, unknown>>, message: string): void;
}

interface LoggedCall {
  readonly correlationId: string;
  readonly provider: VendorName;
  readonly operation: AnyOperationName;
  readonly outcome: string;
  readonly seconds: number;
}

/**
 * Equal calls for one correlation id that end within this time share a line, in milliseconds. A step can check forty hosts
 * or read twenty calendars: that is one fact of the story.
 */
export const sharedLineMs = 200;

/**
 * Returns a function that logs a call that has ended, within `sharedLineMs`. The line has the number of `calls`, and the
 * `durationMs` of the slowest. It is written in the context of the first call, whose ids the logger adds.
 */
export const createCallLog = (logger: CallLogger): ((call: LoggedCall) => void) => {
  const open = new Map<string, { calls: number; slowestSeconds: number }>();
  return ({ correlationId, provider, operation, outcome, seconds }) => {
    const key = JSON.stringify([correlationId, provider, operation, outcome]);
    const line = open.get(key);
    if (line) {
      line.calls += 1;
      line.slowestSeconds = Math.max(line.slowestSeconds, seconds);
      return;
    }
    const first = { calls: 1, slowestSeconds: seconds };
    open.set(key, first);
    setTimeout(() => {
      open.delete(key);
      const { calls, slowestSeconds } = first;
      const durationMs = Math.round(slowestSeconds * 1_000);
      logger.info(
        { correlationId, provider, operation, outcome, calls, durationMs },
        'provider calls completed',
      );
    }, sharedLineMs).unref();
  };
};
