/** Sets the correlation and records the outcome and duration of every activity attempt. Does not change the result. */
import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { z } from 'zod';
import {
  type Correlation,
  currentCorrelation,
  withCorrelation,
} from '../../foundation/observability/correlation.ts';
import type { ActivityOutcome, ServiceMetrics } from '../metrics.ts';

/** The fields of `Correlated` inputs. All are optional, so that an input without them does not fail the activity. */
const correlatedSchema = z.object({
  correlationId: z.string().optional(),
  organization: z.string().optional(),
  auditionId: z.string().optional(),
});

/** Returns the activity interceptor that records metrics and sets the correlation of log lines. */
export const observeActivities =
  (metrics: Pick<ServiceMetrics, 'activityEnded'>): ActivityInterceptorsFactory =>
  ({ info }) => ({
    inbound: {
      execute: (input, next) => {
        const { workflowExecution, activityType: activity, taskQueue, attempt } = info;
        const { correlationId, ...owner } = correlatedSchema.safeParse(input.args[0]).data ?? {};
        const workflowId = workflowExecution?.workflowId;
        const correlation: Correlation = {
          correlationId: correlationId ?? workflowId ?? info.activityId,
          ...owner,
          workflowId,
          activity,
          attempt,
        };
        const started = performance.now();
        const ended = (end: { outcome: ActivityOutcome; errorType?: string }) =>
          metrics.activityEnded({
            activity,
            taskQueue,
            seconds: (performance.now() - started) / 1000,
            ...end,
          });
        return withCorrelation(correlation, async () => {
          try {
            const result = await next(input);
            ended({ outcome: 'completed' });
            return result;
          } catch (error) {
            ended(endOf(error));
            throw error;
          }
        });
      },
    },
    outbound: {
      getLogAttributes: (attributes, next) => next({ ...attributes, ...currentCorrelation() }),
    },
  });

/**
 * Limits the label `error_type` to the failure types of this service. Any other error is a bug and becomes
 * `unexpected`.
 */
const endOf = (error: unknown): { outcome: ActivityOutcome; errorType: string } => {
  if (error instanceof CancelledFailure) return { outcome: 'cancelled', errorType: 'cancelled' };
  if (!(error instanceof ApplicationFailure)) return { outcome: 'failed', errorType: 'unexpected' };
  const benign = error.category === ApplicationFailureCategory.BENIGN;
  return { outcome: benign ? 'benign' : 'failed', errorType: error.type ?? 'unexpected' };
};
