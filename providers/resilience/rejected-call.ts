/** Calls that were not made, because of a circuit or a quota of ours. */
import { ProviderError } from '../../domain/errors.ts';

/** What stands where a vendor's own code would. */
export const rejectionCodes = { circuit: 'circuit_open', quota: 'quota_kept' } as const;
export type RejectionReason = keyof typeof rejectionCodes;

/** Undefined for a call that was made. */
export const rejectionReasonOf = (error: unknown): RejectionReason | undefined => {
  const code = error instanceof ProviderError ? error.vendor.code : undefined;
  if (code === rejectionCodes.circuit) return 'circuit';
  return code === rejectionCodes.quota ? 'quota' : undefined;
};

/** The time of day in UTC, for people. */
export const formatUtcTime = (at: number): string =>
  `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
