/** Reads the codes of failed activities of recordings. */
import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';

interface FailureCodes {
  /** The kind of the fault. Undefined: the time of the attempts has ended. */
  readonly code: string | undefined;
  /** The provider's own code, or one of ours for it. */
  readonly providerCode: string | undefined;
}

/** Returns the codes of a failure. */
export const failureCodesOf = (error: unknown): FailureCodes => {
  const cause =
    error instanceof ActivityFailure && error.cause instanceof ApplicationFailure ? error.cause : undefined;
  const details: unknown = cause?.details?.[0];
  const providerCode =
    typeof details === 'object' && details !== null && 'code' in details ? details.code : undefined;
  return {
    code: cause?.type ?? undefined,
    providerCode: typeof providerCode === 'string' ? providerCode : undefined,
  };
};
