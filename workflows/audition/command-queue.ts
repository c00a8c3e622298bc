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

interface Ticket {
  readonly queued: QueuedCommand;
  settled: 'done' | Refusal | undefined;
}

export interface CommandQueue {
  readonly size: number;
  /**
   * Resolves when the main loop has carried the command out or `released` says that there is no use in waiting on.
   * Throws the refusal.
   */
  submit(queued: QueuedCommand, released: () => boolean): Promise<void>;
  /** Carries out what waits, in order of arrival. A refusal goes to its caller, any other error to ours. */
  drain(carryOut: (queued: QueuedCommand) => Promise<Refusal | undefined>): Promise<void>;
  /** Tells everybody who still waits that it is over. */
  close(refusal: Refusal): void;
}

export const openCommandQueue = (): CommandQueue => {
  let waiting: readonly Ticket[] = [];

  const next = (): Ticket | undefined => {
    const [first, ...rest] = waiting;
    waiting = rest;
    return first;
  };

  return {
    get size() {
      return waiting.length;
    },
    async submit(queued, released) {
      const ticket: Ticket = { queued, settled: undefined };
      waiting = [...waiting, ticket];
      await condition(() => ticket.settled !== undefined || released());
      if (ticket.settled !== undefined && ticket.settled !== 'done') throw ticket.settled;
    },
    async drain(carryOut) {
      for (let ticket = next(); ticket; ticket = next()) {
        ticket.settled = (await carryOut(ticket.queued)) ?? 'done';
      }
    },
    close(refusal) {
      for (let ticket = next(); ticket; ticket = next()) ticket.settled = refusal;
    },
  };
};
