import { ApplicationFailure } from '@temporalio/common';
import type { StepFailure } from '../../activities/contract.ts';

/** Attempts one item of a group. */
export const attempted = async (
  key: string,
  attempt: () => Promise<void>,
): Promise<{ key: string } | { key: string; failure: StepFailure }> => {
  try {
    await attempt();
    return { key };
  } catch (error) {
    if (error instanceof ApplicationFailure) return { key, failure: { code: error.type ?? 'unexpected' } };
    throw error;
  }
};
