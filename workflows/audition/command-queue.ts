/**
 * Long commands, one at a time: the handler waits, the main loop works. So two of them can never interleave, and
 * neither can interleave with a reminder.
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
   * Resolves when the main loop has carried the command out or `released` says that there is no use in waiting on.
   * Throws the refusal.
   */
  submit(queued: QueuedCommand, isCallerReleased: () => boolean): Promise<void>;
  /**
   * Carries out what waits, in order of arrival. A refusal goes to its caller, or to `refusedLate` when that one was
   * released before; any other error to ours.
   */
  drain(
    execute: (queued: QueuedCommand) => Promise<Refusal | undefined>,
    onLateRefusal: (refusal: Refusal) => void,
  ): Promise<void>;
  /** Tells everybody who still waits that it is over. */
  close(refusal: Refusal): void;
}

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
