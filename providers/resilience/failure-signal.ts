/** Decides which failed calls show that the provider is failing, as opposed to a wrong call, account or rate. */
import { ProviderError } from '../../domain/errors.ts';
import type { CallContext } from '../ports.ts';
import { rejectionReasonOf } from './rejected-call.ts';

/**
 * What a failed call says about its provider. `inconclusive`: nothing, because our side ended the call before the
 * provider answered.
 */
export type FailureSignal = 'failing' | 'healthy' | 'inconclusive';

/** Returns what a failed call says about its provider. */
export const failureSignalOf = (error: unknown, { signal }: CallContext): FailureSignal => {
  if (!(error instanceof ProviderError) || rejectionReasonOf(error)) return 'inconclusive';
  const { fault, vendor } = error;
  switch (fault.kind) {
    case 'outage':
      return 'failing';
    case 'retry':
      if (signal.aborted) return 'inconclusive';
      if (vendor.unreadable !== undefined) return 'failing';
      // A Retry-After, a limit (429) and a busy mailbox (4yz) come from a working provider. So do our own codes for
      // errors inside a successful answer. A 5xx and an unreadable answer remain.
      if (fault.delayMs !== undefined) return 'healthy';
      if (vendor.status === undefined) return vendor.code === undefined ? 'failing' : 'healthy';
      return vendor.status >= 500 ? 'failing' : 'healthy';
    case 'misconfigured':
    case 'not_permitted':
    case 'not_found':
    case 'conflict':
    case 'rejected_input':
    case 'reconnect':
    case 'retry_after':
    case 'quota_exhausted':
    case 'sender_refused':
      return 'healthy';
  }
};
