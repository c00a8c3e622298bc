/**
 * Queues long commands. The handler of a command waits while the main loop starts the commands in order of arrival.
 * Commands therefore never interleave with each other.
 */
import { condition } from '@temporalio/workflow';
import type { Refusal } from '../../domain/errors.ts';
import type {
  DecideCommand,
  MeetingCommand,
  ParticipantsCommand,
  RescheduleCommand,
  RespondCommand,
} from './messages.ts';

export type QueuedCommand =
  | { readonly name: 'reschedule'; readonly command: RescheduleCommand }
  | { readonly name: 'decide'; readonly command: DecideCommand }
  | { readonly name: 'respond'; readonly command: RespondCommand }
  | { readonly name: 'meeting'; readonly command: MeetingCommand }
  | { readonly name: 'participants'; readonly command: ParticipantsCommand };

interface QueueEntry {
  readonly queued: QueuedCommand;
  isStarted: boolean;
  result: 'done' | Refusal | undefined;
  callerHasReturned: boolean;
}

interface CommandEvents {
  /** A command was refused after its caller had got an answer. */
  readonly onLateRefusal: (refusal: Refusal, queued: QueuedCommand) => void;
  /** Returns what the caller gets when the execution of a command was interrupted. */
  readonly refusalOf: (interrupted: QueuedCommand) => Refusal;
}

export interface CommandQueue {
  readonly size: number;
  /** Returns whether a command of this name is queued. */
  has(name: QueuedCommand['name']): boolean;
  /** The next command to start. */
  readonly next: QueuedCommand | undefined;
  /**
   * Queues a command. Resolves to `done` when it has been executed, or, once it has started, to `pending` when
   * `isCallerReleased` returns true.
   * @throws Refusal when the command was refused
   */
  submit(queued: QueuedCommand, isCallerReleased: () => boolean): Promise<'done' | 'pending'>;
  /**
   * Starts the next command and resolves when it has been executed. A refusal is thrown to the caller of `submit`, or
   * passed to `onLateRefusal` when that caller was already released. Any other error is thrown here, and the caller of
   * `submit` gets the refusal that `refusalOf` returns.
   */
  start(
    execute: (queued: QueuedCommand) => Promise<Refusal | undefined>,
    events: CommandEvents,
  ): Promise<void>;
  /** Refuses all queued commands. */
  close(refusal: Refusal): void;
}

/** Creates an empty queue. */
export const createCommandQueue = (): CommandQueue => {
  let waiting: readonly QueueEntry[] = [];

  const take = (): QueueEntry | undefined => {
    const [first, ...rest] = waiting;
    waiting = rest;
    return first;
  };

  return {
    get size() {
      return waiting.length;
    },
    has: (name) => waiting.some(({ queued }) => queued.name === name),
    get next() {
      return waiting[0]?.queued;
    },
    async submit(queued, isCallerReleased) {
      const entry: QueueEntry = { queued, isStarted: false, result: undefined, callerHasReturned: false };
      waiting = [...waiting, entry];
      await condition(() => entry.result !== undefined || (entry.isStarted && isCallerReleased()));
      entry.callerHasReturned = entry.result === undefined;
      if (entry.result !== undefined && entry.result !== 'done') throw entry.result;
      return entry.result ?? 'pending';
    },
    async start(execute, { onLateRefusal, refusalOf }) {
      const entry = take();
      if (!entry) return;
      entry.isStarted = true;
      try {
        const refusal = await execute(entry.queued);
        entry.result = refusal ?? 'done';
        if (refusal && entry.callerHasReturned) onLateRefusal(refusal, entry.queued);
      } catch (error) {
        // Without a result, the caller would wait for as long as the workflow runs.
        entry.result = refusalOf(entry.queued);
        throw error;
      }
    },
    close(refusal) {
      for (let entry = take(); entry; entry = take()) entry.result = refusal;
    },
  };
};
