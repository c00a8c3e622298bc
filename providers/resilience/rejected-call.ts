/** Identifies calls that our own circuit breaker or quota rejected before they were made. */
import { ProviderError } from '../../domain/errors.ts';

/** The codes of rejections, in place of a vendor's error code. */
export const rejectionCodes = { circuit: 'circuit_open', quota: 'quota_kept' } as const;
export type RejectionReason = keyof typeof rejectionCodes;

/** Returns why a call was rejected; undefined for a call that was made. */
export const rejectionReasonOf = (error: unknown): RejectionReason | undefined => {
  const code = error instanceof ProviderError ? error.vendor.code : undefined;
  if (code === rejectionCodes.circuit) return 'circuit';
  return code === rejectionCodes.quota ? 'quota' : undefined;
};

/** Formats epoch milliseconds for people: `2026-11-25 09:00:00 UTC`. */
export const formatUtcTime = (at: number): string =>
  `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
