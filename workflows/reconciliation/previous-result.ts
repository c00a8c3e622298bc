/** Reads the result of the previous run of the schedule. */
import { workflowInfo } from '@temporalio/workflow';
import type { AuditionId } from '../../domain/ids.ts';

const isAuditionId = (value: unknown): value is AuditionId =>
  typeof value === 'string' && value.startsWith('aud_');

/**
 * Returns the trail at which this run begins. Temporal passes the result of the last completed run of a schedule to
 * the next one (https://docs.temporal.io/schedule, "Last completion result").
 */
export const previousNextTrail = (): AuditionId | undefined => {
  const { lastResult } = workflowInfo();
  const { nextTrail } = { nextTrail: undefined, ...(typeof lastResult === 'object' ? lastResult : {}) };
  return isAuditionId(nextTrail) ? nextTrail : undefined;
};
