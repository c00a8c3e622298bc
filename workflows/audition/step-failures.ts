/** Classifies the failures of activities and child workflows. */
import { ApplicationFailure, isCancellation, TemporalFailure, TimeoutFailure } from '@temporalio/workflow';
import type { StepFailure } from '../../activities/contract.ts';
import type { ConnectionId } from '../../domain/ids.ts';

/**
 * Returns why a step failed. Prefers the provider's last error over the timeout of the retries, because it says more.
 */
export const toStepFailure = (error: unknown): StepFailure => {
  const causes = causesOf(error);
  const failure = causes.find((cause) => cause instanceof ApplicationFailure);
  if (failure) return { code: failure.type ?? 'unexpected', ...detailsOf(failure) };
  if (causes.some((cause) => cause instanceof TimeoutFailure)) return { code: 'timeout' };
  return { code: 'unexpected' };
};

/**
 * Returns whether Temporal reports a failure, such as that of an activity. Returns false for errors in workflow code:
 * these fail the workflow task, and a corrected release continues.
 */
export const isStepFailure = (error: unknown): boolean =>
  error instanceof TemporalFailure && !isCancellation(error);

/** Returns whether an activity has found that the trail contains facts of another run. */
export const isTrailAhead = (error: unknown): boolean =>
  causesOf(error).some((cause) => cause instanceof ApplicationFailure && cause.type === 'trail_ahead');

const causesOf = (error: unknown): readonly Error[] =>
  error instanceof Error ? [error, ...causesOf(error.cause)] : [];

/** Reads the details that `activities/failures.ts` adds. The connection matters only when it must be reconnected. */
const detailsOf = ({ type, details }: ApplicationFailure): Omit<StepFailure, 'code'> => {
  const detail: unknown = details?.[0];
  if (typeof detail !== 'object' || detail === null) return {};
  return {
    ...('provider' in detail && typeof detail.provider === 'string' && { provider: detail.provider }),
    ...('code' in detail && typeof detail.code === 'string' && { providerCode: detail.code }),
    ...('retryAt' in detail && typeof detail.retryAt === 'number' && { retryAt: detail.retryAt }),
    ...('raisesAlert' in detail && detail.raisesAlert === true && { raisesAlert: true }),
    ...(type === 'reconnect' &&
      'connection' in detail &&
      isConnectionId(detail.connection) && { connection: detail.connection }),
  };
};

/** The rule of `connectionIdSchema`, without zod, which must not enter the workflow bundle. */
const isConnectionId = (value: unknown): value is ConnectionId =>
  typeof value === 'string' && /^conn_[A-Za-z0-9_-]{1,64}$/.test(value);
