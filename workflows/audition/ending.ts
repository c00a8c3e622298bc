/** The facts that end an audition, and whether an ending needs compensation. */

import type { StepFailure } from '../../activities/contract.ts';
import type { AttentionStep } from '../../domain/audition/attention.ts';
import type { AuditionFact } from '../../domain/audition/events.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import type { AuditionState } from '../../domain/audition/states.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import { toStepFailure } from './step-failures.ts';

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

/** Returns the ending after a permanent failure of an internal activity. The audition is closed and compensated. */
export const internalFailure = (error: unknown): Extract<EndingFact, { type: 'failed' }> => ({
  type: 'failed',
  code: toStepFailure(error).code,
  reason: 'An internal step failed permanently.',
});

/** An operator aborted the audition at a failed step. */
export class Aborted extends Error {
  override readonly name = 'Aborted';
  readonly ending: Extract<EndingFact, { type: 'failed' }>;

  constructor(step: AttentionStep, failure: StepFailure) {
    super(`an operator aborted at '${step}'`);
    this.ending = {
      type: 'failed',
      code: failure.code,
      reason: `The step '${step}' failed, and an operator aborted.`,
    };
  }
}
