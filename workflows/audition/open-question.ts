/** The open questions of a run. */
import type { CalendarChange } from '../../domain/audition/calendar-change.ts';

/** An open question about the present slot. */
export interface SlotQuestion {
  /** Asks again, after a move that has withdrawn the question was reverted. */
  readonly askAgain: () => void;
}

/** A question about an event that a person has changed. */
export interface CalendarQuestion {
  readonly report: CalendarChange;
  /** Whether the account of the calendar was disconnected since. The question is then withdrawn. */
  isDisconnected: boolean;
}
