/** Which faults say that the provider is ill, and not that this call, this account or its pace was wrong. */
import { ProviderError } from '../../domain/errors.ts';
import type { CallContext } from '../ports.ts';
import { rejectionReasonOf } from './rejected-call.ts';

/**
 * What a call says about its provider. `unheard`: nothing, because the call ended for reasons of ours before the
 * provider had its say.
 */
export type FailureSignal = 'ill' | 'well' | 'unheard';

export const failureSignalOf = (error: unknown, { signal }: CallContext): FailureSignal => {
  if (!(error instanceof ProviderError) || rejectionReasonOf(error)) return 'unheard';
  const { fault, vendor } = error;
  switch (fault.kind) {
    case 'outage':
      return 'ill';
    case 'retry':
      if (signal.aborted) return 'unheard';
      // A named time, a limit (429) and a mailbox that is busy (4yz) are answers of a provider that works; so are our own
      // codes for what is said inside a successful answer. What is left: a 5xx, and an answer that cannot be read.
      if (fault.delayMs !== undefined) return 'well';
      if (vendor.status === undefined) return vendor.code === undefined ? 'ill' : 'well';
      return vendor.status >= 500 ? 'ill' : 'well';
    case 'misconfigured':
    case 'not_permitted':
    case 'not_found':
    case 'conflict':
    case 'rejected_input':
    case 'reconnect':
    case 'retry_after':
    case 'quota_exhausted':
      return 'well';
  }
};
