/** A change of the audition's slot, cast or meeting that is being made. */
import type { Instant } from '../../domain/time/instant.ts';

export interface Change {
  /** When the present slot begins. Undefined when it has already begun, or there is none. */
  readonly slotStart: Instant | undefined;
  /** Whether the audition has moved to a new slot, while meeting and calendar events still move. */
  hasMoved: boolean;
  /** Whether a performer withdraws a decline. The decline does not become final meanwhile. */
  withdrawsDecline: boolean;
  /** Whether the change waits for an operator. */
  readonly isWaiting: boolean;
  /** Stops the change. */
  giveUp(): void;
}
