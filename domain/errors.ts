/**
 * Our errors. Thrown where the fact is known, and translated once at each border: a vendor's answer into a
 * `ProviderError` in that provider's folder, a `ProviderError` into a Temporal failure in `activities/`, a refusal
 * into a problem document in `api/`.
 */
import type { ConnectionId } from './ids.ts';
import type { VendorName } from './providers/vendors.ts';

/** What went wrong at a provider, and thereby what to do. Every vendor's table of errors ends in one of these. */
export type ProviderFault =
  /**
   * The provider or the way to it is down. `effect` says whether the call may have had its effect, `delayMs` when the
   * provider said it would be back. With an open circuit the call was not made at all: the provider has failed too
   * often lately, and `delayMs` is when the next call may go through.
   */
  | {
      readonly kind: 'outage';
      readonly effect: 'none' | 'unknown';
      readonly delayMs?: number;
      readonly circuit?: 'open';
    }
  /** A passing fault: the same call may be made again at once, or when the provider said. */
  | { readonly kind: 'retry'; readonly effect: 'none' | 'unknown'; readonly delayMs?: number }
  /** The provider named its time. */
  | { readonly kind: 'retry_after'; readonly delayMs: number }
  /** A quota is spent until a known time (epoch milliseconds). */
  | { readonly kind: 'quota_exhausted'; readonly untilMs: number }
  /** The account must be connected again by its owner. */
  | { readonly kind: 'reconnect' }
  /** Our own credentials or settings are wrong: the operator's affair, not the user's. */
  | { readonly kind: 'misconfigured' }
  | { readonly kind: 'not_permitted' }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'rejected_input' };

export type ProviderFaultKind = ProviderFault['kind'];

const transientKinds = ['outage', 'retry', 'retry_after', 'quota_exhausted'] as const;
type TransientFault = Extract<ProviderFault, { readonly kind: (typeof transientKinds)[number] }>;

/** Returns whether the fault ends without a change to the request, the account or our settings. */
export const isTransient = (fault: ProviderFault): fault is TransientFault =>
  transientKinds.some((kind) => kind === fault.kind);

interface VendorResponse {
  readonly status?: number | undefined;
  readonly code?: string | undefined;
  readonly message: string;
}

export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly provider: VendorName;
  /** Our name of the operation, e.g. `meetings.create`. */
  readonly operation: string;
  readonly fault: ProviderFault;
  /** What the vendor said, already free of secrets and of a person's data. */
  readonly vendor: VendorResponse;
  /** The connection that the call was made with, where there was one. */
  readonly connection: ConnectionId | undefined;

  constructor(
    provider: VendorName,
    operation: string,
    fault: ProviderFault,
    vendor: VendorResponse,
    options?: ErrorOptions & { readonly connection?: ConnectionId | undefined },
  ) {
    const answer = vendor.code ?? vendor.status ?? 'no answer';
    super(`${provider} ${operation}: ${fault.kind} (${answer}) ${vendor.message}`, options);
    this.provider = provider;
    this.operation = operation;
    this.fault = fault;
    this.vendor = vendor;
    this.connection = options?.connection;
  }
}

/** The error of a call that was made with this connection: it says so, that the audition can wait for its owner. */
export const addConnection = (connection: ConnectionId | undefined, error: unknown): unknown => {
  if (!(error instanceof ProviderError) || connection === undefined || error.connection) return error;
  const { provider, operation, fault, vendor } = error;
  return new ProviderError(provider, operation, fault, vendor, { connection });
};

/** Whether the call was not made because a circuit is open. */
export const isCircuitOpen = (error: unknown): boolean =>
  error instanceof ProviderError && error.fault.kind === 'outage' && error.fault.circuit === 'open';

/** Whether the vendor may have done what was asked although we have no proof of it. */
export const mayHaveTakenEffect = (error: unknown): boolean =>
  error instanceof ProviderError && 'effect' in error.fault && error.fault.effect === 'unknown';

/**
 * The stable codes of what we refuse. They are part of the HTTP contract (`problem.code`) and the type of the
 * workflow's update failures, so that a refusal keeps its name from the validator to the caller.
 */
export const refusalCodes = [
  'invalid_body',
  'unknown_zone',
  'local_time_in_gap',
  'local_time_ambiguous',
  'slot_in_the_past',
  'slot_ends_before_start',
  'slot_too_long',
  'slot_too_far_ahead',
  'duration_too_short',
  'unknown_participant',
  'duplicate_participant',
  'performer_missing',
  'channel_without_address',
  'unknown_connection',
  'address_not_allowed',
  'meeting_or_room_missing',
  'slot_taken',
  'nothing_free',
  'wrong_state',
  'audition_closed',
  'audition_stopped',
  'check_in_not_open',
  'audition_not_found',
  'attention_not_found',
  'action_not_offered',
  'idempotency_key_missing',
  'idempotency_key_reused',
  'unauthenticated',
  'forbidden',
  'not_found',
  'method_not_allowed',
  'body_too_large',
  'unsupported_media_type',
  'headers_too_large',
  'request_timed_out',
  'link_invalid',
  'link_expired',
  'foreign_form',
  'connection_not_found',
  'endpoint_not_found',
  'endpoint_disabled',
  'endpoint_limit_reached',
  'rotation_under_way',
  'provider_not_offered',
  'scope_not_offered',
  'return_address_not_allowed',
  'too_many_requests',
  'overloaded',
  'temporarily_unavailable',
  'internal',
] as const;
export type RefusalCode = (typeof refusalCodes)[number];

/** A request that cannot be granted: a stable code, a sentence for a person, and what to do next. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  readonly whatToDo: string;
  /** Which parts of the request are meant, as JSON pointers. */
  readonly pointers: readonly string[];

  constructor(code: RefusalCode, message: string, whatToDo: string, at: readonly string[] = []) {
    super(message);
    this.code = code;
    this.whatToDo = whatToDo;
    this.pointers = at;
  }
}
