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
  isReleased: boolean;
}

export interface CommandQueue {
  readonly size: number;
  /**
   * Resolves when the main loop has carried the command out or `released` says that there is no use in waiting on.
   * Throws the refusal.
   */
  submit(queued: QueuedCommand, released: () => boolean): Promise<void>;
  /**
   * Carries out what waits, in order of arrival. A refusal goes to its caller, or to `refusedLate` when that one was
   * released before; any other error to ours.
   */
  drain(
    carryOut: (queued: QueuedCommand) => Promise<Refusal | undefined>,
    refusedLate: (refusal: Refusal) => void,
  ): Promise<void>;
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
      const ticket: Ticket = { queued, settled: undefined, isReleased: false };
      waiting = [...waiting, ticket];
      await condition(() => ticket.settled !== undefined || released());
      ticket.isReleased = ticket.settled === undefined;
      if (ticket.settled !== undefined && ticket.settled !== 'done') throw ticket.settled;
    },
    async drain(carryOut, refusedLate) {
      for (let ticket = next(); ticket; ticket = next()) {
        const refusal = await carryOut(ticket.queued);
        ticket.settled = refusal ?? 'done';
        if (refusal && ticket.isReleased) refusedLate(refusal);
      }
    },
    close(refusal) {
      for (let ticket = next(); ticket; ticket = next()) ticket.settled = refusal;
    },
  };
};
