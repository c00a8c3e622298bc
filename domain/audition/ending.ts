/** The facts that end an audition, and whether an ending requires that its effects are undone. */
import { toEpochMs } from '../time/epoch.ts';
import type { AuditionFact } from './events.ts';
import type { Slot } from './slot.ts';
import type { AuditionState } from './states.ts';

/** The facts that end an audition. */
export type EndingFact = Extract<
  AuditionFact,
  { type: 'slot_refused' | 'declined' | 'no_show' | 'decided' | 'cancelled' | 'failed' }
>;

/**
 * Returns whether an ending must be compensated. After the session, nothing is undone, and participants get no
 * cancellation. A decision before the slot has begun makes the session needless, so it is undone.
 * @param endedAt epoch milliseconds
 */
export const needsCompensation = (
  { type }: EndingFact,
  stateAtEnd: AuditionState,
  slot: Slot | undefined,
  endedAt: number,
): boolean => {
  if (stateAtEnd === 'awaiting_decision') return false;
  if (type === 'decided')
    return slot !== undefined && stateAtEnd !== 'in_progress' && endedAt < toEpochMs(slot.start);
  return type !== 'no_show';
};
