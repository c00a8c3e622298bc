/**
 * Every vendor's errors are a table: which answer means which of our faults. The first row that fits wins, so a table
 * reads from the particular to the general.
 */
import { ProviderError, type ProviderFault, type ProviderFaultKind } from '../../domain/errors.ts';
import type { VendorName } from '../../domain/providers/vendors.ts';
import { retryAfterMs } from '../http/retry-after.ts';
import { redactVendorMessage } from './vendor-message.ts';

/** One of our calls to a vendor, by its row in the catalog. `writes` says whether it can have an effect there. */
export interface ProviderOperation {
  readonly provider: VendorName;
  readonly name: string;
  readonly writes: boolean;
}

/** What a vendor answered, before we say what it means. */
export interface VendorFailure {
  readonly status?: number | undefined;
  /** The vendor's own code or reason. */
  readonly code?: string | undefined;
  readonly message: string;
  /** The header as it came. */
  readonly retryAfter?: string | undefined;
}

export interface ErrorRow {
  /** One HTTP status, or the first and the last of a range. */
  readonly status?: number | readonly [number, number];
  readonly code?: string;
  readonly messagePattern?: RegExp;
  readonly fault: ProviderFaultKind;
  /** The vendor promises that nothing happened, although its answer is one of those that usually leave it open. */
  readonly effect?: 'none';
  /** When a spent quota comes back: the next midnight in UTC, or that many milliseconds from now. */
  readonly until?: 'next_utc_day' | number;
}

/** What HTTP itself says, for whatever a vendor's own rows leave over (RFC 9110, section 15). */
export const httpRows: readonly ErrorRow[] = [
  { status: 401, fault: 'reconnect' },
  { status: 403, fault: 'not_permitted' },
  { status: 404, fault: 'not_found' },
  { status: 408, fault: 'outage' },
  { status: 409, fault: 'conflict' },
  { status: 410, fault: 'not_found' },
  { status: 412, fault: 'conflict' },
  { status: 429, fault: 'retry_after' },
  { status: [400, 499], fault: 'rejected_input' },
  { status: 500, fault: 'retry' },
  { status: [501, 599], fault: 'outage' },
];

/**
 * Where tokens are exchanged, 401 is about our own client (RFC 6749, section 5.2), or a gateway's. Only what names the
 * grant may cost an account its connection.
 */
export const tokenHttpRows: readonly ErrorRow[] = [{ status: 401, fault: 'misconfigured' }, ...httpRows];

const hour = 3_600_000;

/** The fault of a failure. An answer that no row knows may have had its effect, and the vendor may be down. */
export const faultOf = (
  table: readonly ErrorRow[],
  failure: VendorFailure,
  operation: ProviderOperation,
  now = Date.now(),
): ProviderFault => {
  const row = table.find((candidate) => fits(candidate, failure));
  const effect = row?.effect ?? (operation.writes ? 'unknown' : 'none');
  const kind = row?.fault ?? 'outage';
  switch (kind) {
    case 'outage':
    case 'retry': {
      // RFC 9110, section 10.2.3: a 503 may name its time as well as a 429.
      const delayMs = retryAfterMs(failure.retryAfter, now);
      return delayMs === undefined ? { kind, effect } : { kind, effect, delayMs };
    }
    case 'retry_after':
      return rateLimitFault(failure, now);
    case 'quota_exhausted':
      return { kind, untilMs: quotaReturnsAt(row?.until ?? hour, now) };
    case 'reconnect':
    case 'misconfigured':
    case 'not_permitted':
    case 'not_found':
    case 'conflict':
    case 'rejected_input':
      return { kind };
  }
};

/** Too fast, and no time named: nothing happened, and the caller's own backoff decides. */
const rateLimitFault = (failure: VendorFailure, now: number): ProviderFault => {
  const delayMs = retryAfterMs(failure.retryAfter, now);
  return delayMs === undefined ? { kind: 'retry', effect: 'none' } : { kind: 'retry_after', delayMs };
};

/** The failure as the error the rest of the service knows. Never carries the vendor's own error along. */
export const providerError = (
  operation: ProviderOperation,
  fault: ProviderFault,
  failure: VendorFailure,
): ProviderError =>
  new ProviderError(operation.provider, operation.name, fault, {
    status: failure.status,
    code: failure.code,
    message: redactVendorMessage(failure.message),
  });

const fits = (row: ErrorRow, failure: VendorFailure): boolean =>
  (row.status === undefined || statusFits(row.status, failure.status)) &&
  (row.code === undefined || row.code === failure.code) &&
  (row.messagePattern === undefined || row.messagePattern.test(failure.message));

const statusFits = (wanted: number | readonly [number, number], status: number | undefined): boolean => {
  if (status === undefined) return false;
  if (typeof wanted === 'number') return status === wanted;
  const [first, last] = wanted;
  return status >= first && status <= last;
};

const quotaReturnsAt = (until: 'next_utc_day' | number, now: number): number =>
  until === 'next_utc_day' ? new Date(now).setUTCHours(24, 0, 0, 0) : now + until;
