/** Reading what an activity's failure means, from the innermost cause outwards. */
import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { ConnectionId } from '../../domain/ids.ts';

export interface StepFailure {
  /** A provider fault's kind, `timeout`, or `unexpected`. */
  readonly code: string;
  readonly provider?: string | undefined;
  /** The account that has to be connected again before the step can be done. */
  readonly connection?: ConnectionId | undefined;
}

/** Why a step gave up: the provider's last word where there is one, not merely that time ran out. */
export const toStepFailure = (error: unknown): StepFailure => {
  const causes = causesOf(error);
  const said = causes.find((cause) => cause instanceof ApplicationFailure);
  if (said) return { code: said.type ?? 'unexpected', ...detailsOf(said) };
  if (causes.some((cause) => cause instanceof TimeoutFailure)) return { code: 'timeout' };
  return { code: 'unexpected' };
};

/** Whether the error is an activity's or a child's own failing, and not a mistake in workflow code. */
export const isStepFailure = (error: unknown): boolean =>
  error instanceof ActivityFailure || error instanceof ChildWorkflowFailure;

const causesOf = (error: unknown): readonly Error[] =>
  error instanceof Error ? [error, ...causesOf(error.cause)] : [];

/** What `activities/failures.ts` adds to a provider's fault. A connection matters only where it is what is wrong. */
const detailsOf = ({ type, details }: ApplicationFailure): Omit<StepFailure, 'code'> => {
  const detail: unknown = details?.[0];
  if (typeof detail !== 'object' || detail === null) return {};
  return {
    ...('provider' in detail && typeof detail.provider === 'string' && { provider: detail.provider }),
    ...(type === 'reconnect' &&
      'connection' in detail &&
      isConnectionId(detail.connection) && { connection: detail.connection }),
  };
};

/** As `connectionIdSchema` has it, which needs more than belongs into workflow code. */
const isConnectionId = (value: unknown): value is ConnectionId =>
  typeof value === 'string' && /^conn_[A-Za-z0-9_-]{1,64}$/.test(value);
