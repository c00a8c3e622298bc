/**
 * Decides what the failure of one read means for a page that reads several events. One event that the vendor never returns must
 * not stop the listing of its calendar, and a vendor that fails as a whole must not have all events left out.
 */
import { ProviderError } from '../domain/errors.ts';
import type { CallContext } from './ports.ts';

/** How often a listing requests one event, when the vendor fails. What is stored of the event stays after that. */
export const mostFailedReads = 3;

export interface FailedRead {
  readonly error: ProviderError;
  /** `account`: other reads fail as well. `passing`: the read can succeed later. `lasting`: the vendor refuses this event. */
  readonly kind: 'account' | 'passing' | 'lasting';
}

/** Returns what the failure means. @throws the error, when it is not one of the vendor */
export const failedReadOf = (error: unknown, { signal }: Pick<CallContext, 'signal'>): FailedRead => {
  if (!(error instanceof ProviderError)) throw error;
  const { fault, vendor } = error;
  if (signal.aborted) return { error, kind: 'account' };
  switch (fault.kind) {
    // The scopes can be missing, or this event only is forbidden: a request for the calendar tells.
    case 'reconnect':
      return { error, kind: vendor.status === 403 ? 'lasting' : 'account' };
    case 'misconfigured':
    case 'retry_after':
    case 'quota_exhausted':
    case 'sender_refused':
      return { error, kind: 'account' };
    case 'outage':
      return { error, kind: fault.circuit ? 'account' : 'passing' };
    // Google answers 403 or 429 to too many requests, without a delay.
    case 'retry':
      return { error, kind: vendor.status === 403 || vendor.status === 429 ? 'account' : 'passing' };
    case 'not_permitted':
    case 'not_found':
    case 'conflict':
    case 'rejected_input':
      return { error, kind: 'lasting' };
  }
};

/** Returns whether the listing continues without the event. @param failures how often its read had failed before */
export const isGivenUp = ({ kind }: FailedRead, failures: number): boolean =>
  kind === 'lasting' || failures + 1 >= mostFailedReads;

/** Returns the fault that is reported. It has no text of the vendor. */
export const faultOfRead = ({ error: { fault, vendor } }: FailedRead): string =>
  `unread_event: ${vendor.status ?? fault.kind}`;
