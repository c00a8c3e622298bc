/** How an audition ends. */
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
 * Whether what was done for the audition must be undone when it ends this way. A session that was held is not undone,
 * and nobody is told that it is cancelled.
 */
export const needsCompensation = ({ type }: EndingFact, endedIn: AuditionState): boolean =>
  compensatesOn[type] && endedIn !== 'awaiting_decision';

const compensatesOn: Readonly<Record<EndingFact['type'], boolean>> = {
  slot_refused: true,
  declined: true,
  cancelled: true,
  failed: true,
  no_show: false,
  decided: false,
};

/** A step of our own that failed for good, which none should: the audition ends, and is undone, all the same. */
export const internalFailure = (error: unknown): Extract<EndingFact, { type: 'failed' }> => ({
  type: 'failed',
  code: toStepFailure(error).code,
  reason: 'A step of our own failed for good.',
});

/** An operator gave a step up, and the audition with it. */
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
