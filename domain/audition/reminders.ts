/** When to remind whom: offsets before the start, moved out of each participant's quiet hours. */
import type { ParticipantId } from '../ids.ts';
import type { Instant } from '../time/instant.ts';

/** One moment, and everybody who is to be reminded at it. Computed once and kept in the history. */
export interface Reminder {
  readonly at: Instant;
  readonly offsetMs: number;
  readonly participants: readonly ParticipantId[];
}
