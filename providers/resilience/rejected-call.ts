/** Calls that were not made, because of a circuit or a quota of ours. */
import { ProviderError } from '../../domain/errors.ts';

/** What stands where a vendor's own code would. */
export const heldBackCodes = { circuit: 'circuit_open', quota: 'quota_kept' } as const;
export type HeldBackReason = keyof typeof heldBackCodes;

/** Undefined for a call that was made. */
export const heldBackBy = (error: unknown): HeldBackReason | undefined => {
  const code = error instanceof ProviderError ? error.vendor.code : undefined;
  if (code === heldBackCodes.circuit) return 'circuit';
  return code === heldBackCodes.quota ? 'quota' : undefined;
};

/** The time of day in UTC, for people. */
export const moment = (at: number): string =>
  `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
