/** Returns failures as data, for activities that attempt several items. */
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { connectionIdSchema } from '../domain/ids.ts';
import type { StepFailure } from './contract.ts';
import { toTemporalFailure } from './failures.ts';

/** The details that `failures.ts` adds. */
const detailsSchema = z.object({
  provider: z.string().optional().catch(undefined),
  connection: connectionIdSchema.optional().catch(undefined),
});

/**
 * Returns why an attempt failed, with the code that the workflow would read from the failure of an activity. The
 * connection is named only when it must be reconnected.
 */
export const toStepFailure = (error: unknown): StepFailure => {
  const failure = toTemporalFailure(error);
  if (!(failure instanceof ApplicationFailure)) return { code: 'unexpected' };
  const code = failure.type ?? 'unexpected';
  const { provider, connection } = detailsSchema.safeParse(failure.details?.[0]).data ?? {};
  return { code, provider, ...(code === 'reconnect' ? { connection } : {}) };
};
