/** `npm start`: the stack until somebody ends it. */
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
  /** Without the data of earlier runs. */
  readonly fresh?: boolean;
}

/** Answers with the exit code. */
export const runStart = (options: StartOptions): Promise<number> =>
  withStack(options, async (stack, interrupted) => {
    console.log(addressTable(stack));
    console.log(pc.dim(`Logs are in ${options.dataFolder}/logs. Ctrl-C ends everything.`));
    await untilAborted(interrupted);
    return 0;
  });

/**
 * Starts a stack, does `work` with it and takes it down again, whatever happens: when the work is done or failed, at
 * SIGINT, SIGTERM and SIGHUP, or when a part of it dies. Answers with the exit code.
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
    console.error(pc.red(explained(error)));
    return 1;
  }
};

/** A mistake of ours must not leave processes behind: it ends the stack like the death of a part. */
const firstCrash = (): Promise<never> => {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  process.on('uncaughtException', reject);
  return promise;
};

class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** The first signal asks for an end in good order. A second one changes nothing: the end is on its way. */
const abortedByFirstSignal = (): AbortSignal => {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => controller.abort(new Interrupted(signal)));
  }
  return controller.signal;
};

/** Resolves at the abort. */
export const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** What we know how to say is said; anything else is a bug and comes with its stack. */
const explained = (error: unknown): string => {
  const expected = [AlreadyRunning, ChildFailed, TemporalNotPrepared, ConfigurationError];
  if (error instanceof Error && expected.some((kind) => error instanceof kind)) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
};
