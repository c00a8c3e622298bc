/** Reads the codes of failed activities of recordings. */
import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import { transientKinds } from '../../domain/errors.ts';

interface FailureCodes {
  /** The kind of the fault. Undefined: the time of the attempts has ended. */
  readonly code: string | undefined;
  /** The provider's own code, or one of ours for it. */
  readonly providerCode: string | undefined;
}

/** What time cures: an outage or a limit of the provider, and an outage of our database. */
const passingCodes: ReadonlySet<string> = new Set<string>([...transientKinds, 'busy', 'database', 'timeout']);

/** Returns whether a failure with the code can pass without a change to the account or our settings. */
export const canPass = (code: string): boolean => passingCodes.has(code);

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
