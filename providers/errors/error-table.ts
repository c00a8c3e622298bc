/**
 * Maps the error answers of a vendor to our faults. Every vendor has a table of rows; the first matching row wins, so
 * specific rows come before general ones.
 */
import { ProviderError, type ProviderFault, type ProviderFaultKind } from '../../domain/errors.ts';
import type { VendorName } from '../../domain/providers/vendors.ts';
import { hour } from '../../domain/time/units.ts';
import { retryAfterMs } from '../http/retry-after.ts';
import { redactVendorMessage } from './vendor-message.ts';

/** A call to a vendor, as the catalog lists it. `writes` says whether it can have an effect at the vendor. */
export interface ProviderOperation {
  readonly provider: VendorName;
  readonly name: string;
  readonly writes: boolean;
}

/** An error answer of a vendor, before it is mapped to a fault. */
export interface VendorFailure {
  readonly status?: number | undefined;
  /** The vendor's own code or reason. */
  readonly code?: string | undefined;
  /** The vendor's group of codes. */
  readonly domain?: string | undefined;
  readonly message: string;
  /** Names of the fields of a successful answer that cannot be read, as `ProviderError` has them. */
  readonly unreadable?: string | undefined;
  /** The unparsed `Retry-After` header. */
  readonly retryAfter?: string | undefined;
}

export interface ErrorRow {
  /** One HTTP status, or the first and the last of a range. */
  readonly status?: number | readonly [number, number];
  /** Null: the answer has no code, because it is not the vendor's error document. */
  readonly code?: string | null;
  readonly domain?: string;
  readonly messagePattern?: RegExp;
  readonly fault: ProviderFaultKind;
  /** The vendor documents that the call had no effect, although the status alone would leave that open. */
  readonly effect?: 'none';
  /**
   * When an exhausted quota is available again, or a refused sender is tried again: the next midnight in UTC, or this many
   * milliseconds from now.
   */
  readonly until?: 'next_utc_day' | number;
}

/** The meaning of plain HTTP statuses. They come after a vendor's own rows (RFC 9110, section 15). */
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
 * The answers of a gateway in front of a vendor whose own errors always have a code. That the gateway finds nothing does not say
 * that the vendor has removed anything: a meeting that counts as removed would stay open for ever.
 */
export const gatewayRows: readonly ErrorRow[] = [
  { status: 404, code: null, fault: 'outage' },
  { status: 410, code: null, fault: 'outage' },
];

/**
 * The statuses of a token endpoint. There, 401 concerns our OAuth client (RFC 6749, section 5.2) or a gateway. Only an
 * error code about the grant marks a connection as needing reauthorization.
 */
export const tokenHttpRows: readonly ErrorRow[] = [{ status: 401, fault: 'misconfigured' }, ...httpRows];

/**
 * Returns the fault for an error answer. An answer without a matching row is an `outage`; when the operation writes, its
 * effect is unknown.
 *
 * @param now epoch milliseconds.
 */
export const faultOf = (
  table: readonly ErrorRow[],
  failure: VendorFailure,
  operation: ProviderOperation,
  now = Date.now(),
): ProviderFault => {
  const row = table.find((candidate) => matches(candidate, failure));
  const effect = row?.effect ?? (operation.writes ? 'unknown' : 'none');
  const kind = row?.fault ?? 'outage';
  switch (kind) {
    case 'outage':
    case 'retry': {
      // RFC 9110, section 10.2.3: a 503 can carry Retry-After, as a 429 can.
      const delayMs = retryAfterMs(failure.retryAfter, now);
      return delayMs === undefined ? { kind, effect } : { kind, effect, delayMs };
    }
    case 'retry_after':
      return rateLimitFault(failure, now);
    case 'quota_exhausted':
    case 'sender_refused':
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

/** Without Retry-After, the rate limit is a plain `retry` without effect: the caller's backoff sets the delay. */
const rateLimitFault = (failure: VendorFailure, now: number): ProviderFault => {
  const delayMs = retryAfterMs(failure.retryAfter, now);
  return delayMs === undefined ? { kind: 'retry', effect: 'none' } : { kind: 'retry_after', delayMs };
};

/** Returns the failure as a `ProviderError`, with the vendor's message redacted and without the vendor's error object. */
export const providerError = (
  operation: ProviderOperation,
  fault: ProviderFault,
  failure: VendorFailure,
): ProviderError =>
  new ProviderError(operation.provider, operation.name, fault, {
    status: failure.status,
    code: failure.code,
    message: redactVendorMessage(failure.message),
    ...(failure.unreadable === undefined ? {} : { unreadable: failure.unreadable }),
  });

const matches = (row: ErrorRow, failure: VendorFailure): boolean =>
  (row.status === undefined || statusMatches(row.status, failure.status)) &&
  (row.code === undefined || row.code === (failure.code ?? null)) &&
  (row.domain === undefined || row.domain === failure.domain) &&
  (row.messagePattern === undefined || row.messagePattern.test(failure.message));

const statusMatches = (expected: number | readonly [number, number], status: number | undefined): boolean => {
  if (status === undefined) return false;
  if (typeof expected === 'number') return status === expected;
  const [first, last] = expected;
  return status >= first && status <= last;
};

const quotaReturnsAt = (until: 'next_utc_day' | number, now: number): number =>
  until === 'next_utc_day' ? new Date(now).setUTCHours(24, 0, 0, 0) : now + until;
