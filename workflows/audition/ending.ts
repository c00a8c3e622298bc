/** The facts that end an audition, and whether an ending needs compensation. */
import type { AttentionStep } from '../../domain/audition/attention.ts';
import type { AuditionFact } from '../../domain/audition/events.ts';
import type { AuditionState } from '../../domain/audition/states.ts';
import { type StepFailure, toStepFailure } from './step-failures.ts';

/** The facts that end an audition. */
export type EndingFact = Extract<
  AuditionFact,
  { type: 'slot_refused' | 'declined' | 'no_show' | 'decided' | 'cancelled' | 'failed' }
>;

/**
 * Returns whether an ending must be compensated. After the session, nothing is undone, and participants get no
 * cancellation.
 */
export const needsCompensation = ({ type }: EndingFact, stateAtEnd: AuditionState): boolean =>
  compensatesOn[type] && stateAtEnd !== 'awaiting_decision';

const compensatesOn: Readonly<Record<EndingFact['type'], boolean>> = {
  slot_refused: true,
  declined: true,
  cancelled: true,
  failed: true,
  no_show: false,
  decided: false,
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
