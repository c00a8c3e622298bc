/** Calls that were not made, because of a circuit or a quota of ours. */
import { ProviderError } from '../../domain/errors.ts';

/** What stands where a vendor's own code would. */
export const heldBackCodes = { circuit: 'circuit_open', quota: 'quota_kept' } as const;
export type HeldBackReason = keyof typeof heldBackCodes;

/** Undefined for a call that was made. */
export const heldBackBy = (error: unknown): HeldBackReason | undefined => {
  if (!(error instanceof ProviderError)) return undefined;
  switch (error.vendor.code) {
    case heldBackCodes.circuit:
      return 'circuit';
    case heldBackCodes.quota:
      return 'quota';
    default:
      return undefined;
  }
};

/** The time of day in UTC, for people. */
export const moment = (at: number): string =>
  `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
