/**
 * Queues long commands. The handler waits while the main loop executes one command at a time. Commands therefore never
 * interleave with each other or with a deadline.
 */
import { condition } from '@temporalio/workflow';
import type { Refusal } from '../../domain/errors.ts';
import type { DecideCommand, RescheduleCommand } from './messages.ts';

export type QueuedCommand =
  | { readonly name: 'reschedule'; readonly command: RescheduleCommand }
  | { readonly name: 'decide'; readonly command: DecideCommand };

interface QueueEntry {
  readonly queued: QueuedCommand;
  result: 'done' | Refusal | undefined;
  callerHasReturned: boolean;
}

export interface CommandQueue {
  readonly size: number;
  /**
   * Queues the command. Resolves when the main loop has executed it, or when `isCallerReleased` returns true.
   * @throws Refusal when the command was refused
   */
  submit(queued: QueuedCommand, isCallerReleased: () => boolean): Promise<void>;
  /**
   * Executes the queued commands in order of arrival. A refusal is thrown to the caller of `submit`, or passed to
   * `onLateRefusal` when that caller was already released. Any other error is thrown here.
   */
  drain(
    execute: (queued: QueuedCommand) => Promise<Refusal | undefined>,
    onLateRefusal: (refusal: Refusal) => void,
  ): Promise<void>;
  /** Refuses all queued commands. */
  close(refusal: Refusal): void;
}

/** Creates an empty queue. */
export const createCommandQueue = (): CommandQueue => {
  let waiting: readonly QueueEntry[] = [];

  const next = (): QueueEntry | undefined => {
    const [first, ...rest] = waiting;
    waiting = rest;
    return first;
  };

  return {
    get size() {
      return waiting.length;
    },
    async submit(queued, isCallerReleased) {
      const entry: QueueEntry = { queued, result: undefined, callerHasReturned: false };
      waiting = [...waiting, entry];
      await condition(() => entry.result !== undefined || isCallerReleased());
      entry.callerHasReturned = entry.result === undefined;
      if (entry.result !== undefined && entry.result !== 'done') throw entry.result;
    },
    async drain(execute, onLateRefusal) {
      for (let entry = next(); entry; entry = next()) {
        const refusal = await execute(entry.queued);
        entry.result = refusal ?? 'done';
        if (refusal && entry.callerHasReturned) onLateRefusal(refusal);
      }
    },
    close(refusal) {
      for (let entry = next(); entry; entry = next()) entry.result = refusal;
    },
  };
};
