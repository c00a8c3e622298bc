/** `npm start`: runs the stack until Ctrl-C. */
import pc from 'picocolors';
import { ConfigurationError } from '../../foundation/configuration/configuration.ts';
import { addressTable } from './address-table.ts';
import { createProgressBoard } from './progress-board.ts';
import { AlreadyRunning } from './run-record.ts';
import { type Stack, startStack } from './stack.ts';
import { ChildFailed } from './supervisor.ts';
import { TemporalNotPrepared } from './temporal-server.ts';

export interface StartOptions {
  readonly dataFolder: string;
  readonly anyFreePort: boolean;
  /** Deletes the data of earlier runs first. */
  readonly fresh?: boolean;
}

/** Runs the stack until a signal. Returns the exit code. */
export const runStart = (options: StartOptions): Promise<number> =>
  withStack(options, async (stack, interrupted) => {
    console.log(addressTable(stack));
    console.log(pc.dim(`Logs are in ${options.dataFolder}/logs. Stop with Ctrl-C.`));
    await untilAborted(interrupted);
    return 0;
  });

/**
 * Starts a stack, runs `work` and stops the stack in every case: when the work ends or fails, at SIGINT,
 * SIGTERM and SIGHUP, and when a part ends unexpectedly. Returns the exit code.
 */
export const withStack = async (
  options: StartOptions,
  work: (stack: Stack, interrupted: AbortSignal) => Promise<number>,
): Promise<number> => {
  const signal = abortedByFirstSignal();
  const crash = firstCrash();
  const board = createProgressBoard(process.stdout);
  try {
    const stack = await startStack({ ...options, shellEnv: process.env, board, signal });
    try {
      return await Promise.race([work(stack, signal), stack.failure, crash]);
    } finally {
      console.log(pc.dim('stopping…'));
      await stack.stop();
    }
  } catch (error) {
    if (error instanceof Interrupted) return 130;
    console.error(pc.red(describe(error)));
    return 1;
  }
};

/** Rejects at an uncaught exception, so that a bug in this program also stops the stack's processes. */
const firstCrash = (): Promise<never> => {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  process.on('uncaughtException', reject);
  return promise;
};

class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Aborts at the first signal. Further signals have no effect, because the stack is already being stopped. */
const abortedByFirstSignal = (): AbortSignal => {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => controller.abort(new Interrupted(signal)));
  }
  return controller.signal;
};

/** Resolves when the signal aborts. */
export const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Returns the message of an expected error, and the stack trace of any other error. */
const describe = (error: unknown): string => {
  const expected = [AlreadyRunning, ChildFailed, TemporalNotPrepared, ConfigurationError];
  if (error instanceof Error && expected.some((kind) => error instanceof kind)) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
};
