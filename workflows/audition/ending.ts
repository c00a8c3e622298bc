/** How failures and operators end an audition. */
import type { StepFailure } from '../../activities/contract.ts';
import type { AttentionStep } from '../../domain/audition/attention.ts';
import type { EndingFact } from '../../domain/audition/ending.ts';
import { toStepFailure } from './step-failures.ts';

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

/** Runs the work. An abort by an operator ends only that. */
export const unlessAborted = async (work: () => Promise<void>): Promise<void> => {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Aborted)) throw error;
  }
};
