/** A change of the audition's slot, cast or meeting that is being made. */
import type { Instant } from '../../domain/time/instant.ts';

export interface Change {
  /** When the present slot begins, and the change is moot. Undefined when it has begun, or the change continues. */
  readonly slotStart: Instant | undefined;
  /** Whether the audition has moved to a new slot, while meeting and calendar events still move. */
  hasMoved: boolean;
  /** Whether a performer withdraws a decline. The decline does not become final meanwhile. */
  withdrawsDecline: boolean;
  /** Whether slot or cast have changed. An operator's abort then no longer cancels the change alone. */
  isMade: boolean;
  /** Whether the change was stopped. It is still in progress until the audition is as it was before. */
  isGivenUp: boolean;
  /** Whether the change waits for an operator. One that was given up no longer waits. */
  readonly isWaiting: boolean;
  /** Stops the change. */
  giveUp(): void;
}
