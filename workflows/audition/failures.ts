/** Reading what an activity's failure means, from the innermost cause outwards. */
import {
  ActivityFailure,
  ApplicationFailure,
  ChildWorkflowFailure,
  TimeoutFailure,
} from '@temporalio/workflow';

export interface StepFailure {
  /** A provider fault's kind, `timeout`, or `unexpected`. */
  readonly code: string;
  readonly provider?: string | undefined;
}

/** Why a step gave up: the provider's last word where there is one, not merely that time ran out. */
export const readFailure = (error: unknown): StepFailure => {
  const causes = causesOf(error);
  const said = causes.find((cause) => cause instanceof ApplicationFailure);
  if (said) return { code: said.type ?? 'unexpected', provider: providerIn(said.details?.[0]) };
  if (causes.some((cause) => cause instanceof TimeoutFailure)) return { code: 'timeout' };
  return { code: 'unexpected' };
};

/** Whether the error is an activity's or a child's own failing, and not a mistake in workflow code. */
export const isStepFailure = (error: unknown): boolean =>
  error instanceof ActivityFailure || error instanceof ChildWorkflowFailure;

const causesOf = (error: unknown): readonly Error[] =>
  error instanceof Error ? [error, ...causesOf(error.cause)] : [];

const providerIn = (detail: unknown): string | undefined =>
  typeof detail === 'object' && detail !== null && 'provider' in detail && typeof detail.provider === 'string'
    ? detail.provider
    : undefined;
