/**
 * The errors of the domain. Each boundary translates them once: a provider's folder turns a vendor's response into a
 * `ProviderError`, `activities/` turns a `ProviderError` into a Temporal failure, and `api/` turns a `Refusal` into a
 * problem document.
 */
import type { SlotConflict } from './audition/slot-conflict.ts';
import type { ConnectionId } from './ids.ts';
import type { VendorName } from './providers/vendors.ts';

/** Classifies a provider error by what to do about it. Each vendor's error table maps to these kinds. */
export type ProviderFault =
  /**
   * The provider is down or unreachable. `effect` says whether the call may have taken effect. `delayMs` is the delay
   * that the provider asked for. With an open circuit, the call was not made, because recent calls failed too often;
   * `delayMs` is then the time until the circuit allows a call.
   */
  | {
      readonly kind: 'outage';
      readonly effect: 'none' | 'unknown';
      readonly delayMs?: number;
      readonly circuit?: 'open';
    }
  /** A transient fault: the call can be repeated immediately, or after the delay that the provider asked for. */
  | { readonly kind: 'retry'; readonly effect: 'none' | 'unknown'; readonly delayMs?: number }
  /** The provider named the delay. */
  | { readonly kind: 'retry_after'; readonly delayMs: number }
  /** A quota is exhausted until `untilMs` (epoch milliseconds). */
  | { readonly kind: 'quota_exhausted'; readonly untilMs: number }
  /**
   * The provider refuses us as the sender of messages, for a reason other than a quota: such as its policy or our reputation.
   * The recipient is not the cause. The message is tried again at `untilMs` (epoch milliseconds).
   */
  | { readonly kind: 'sender_refused'; readonly untilMs: number }
  /** The account must be connected again by its owner. */
  | { readonly kind: 'reconnect' }
  /** Our own credentials or settings are wrong. The operator must correct them. */
  | { readonly kind: 'misconfigured' }
  | { readonly kind: 'not_permitted' }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'rejected_input' };

export type ProviderFaultKind = ProviderFault['kind'];

export const transientKinds = [
  'outage',
  'retry',
  'retry_after',
  'quota_exhausted',
  'sender_refused',
] as const;
type TransientFault = Extract<ProviderFault, { readonly kind: (typeof transientKinds)[number] }>;

/** Returns whether the fault can end without a change to the request, the account or our settings. */
export const isTransient = (fault: ProviderFault): fault is TransientFault =>
  transientKinds.some((kind) => kind === fault.kind);

/** Our own code of a successful answer that does not match the vendor's documentation. */
export const unreadableAnswer = 'unreadable_answer';

interface VendorResponse {
  readonly status?: number | undefined;
  readonly code?: string | undefined;
  readonly message: string;
  /** What of a successful answer cannot be read: names of its fields, such as `value`. Undefined: that is not what has failed. */
  readonly unreadable?: string | undefined;
}

/** A failed call to a provider. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly provider: VendorName;
  /** Our name for the operation, such as `meetings.create`. */
  readonly operation: string;
  readonly fault: ProviderFault;
  /** The vendor's response. Must contain no secrets and no personal data. */
  readonly vendor: VendorResponse;
  /** The connection of the call, if it used one. */
  readonly connection: ConnectionId | undefined;

  constructor(
    provider: VendorName,
    operation: string,
    fault: ProviderFault,
    vendor: VendorResponse,
    options?: ErrorOptions & { readonly connection?: ConnectionId | undefined },
  ) {
    const code = vendor.code ?? vendor.status ?? 'no answer';
    super(`${provider} ${operation}: ${fault.kind} (${code}) ${vendor.message}`, options);
    this.provider = provider;
    this.operation = operation;
    this.fault = fault;
    this.vendor = vendor;
    this.connection = options?.connection;
  }
}

/**
 * Returns the error with the connection of the failed call, so that the audition can wait for the connection's owner.
 * Returns all other errors, and errors that have a connection, unchanged.
 */
export const addConnection = (connection: ConnectionId | undefined, error: unknown): unknown => {
  if (!(error instanceof ProviderError) || connection === undefined || error.connection) return error;
  const { provider, operation, fault, vendor } = error;
  return new ProviderError(provider, operation, fault, vendor, { connection });
};

/** Returns whether the call was not made because a circuit is open. */
export const isCircuitOpen = (error: unknown): boolean =>
  error instanceof ProviderError && error.fault.kind === 'outage' && error.fault.circuit === 'open';

/** Returns whether the failed call may have taken effect at the vendor. */
export const mayHaveTakenEffect = (error: unknown): boolean =>
  error instanceof ProviderError && 'effect' in error.fault && error.fault.effect === 'unknown';

/**
 * The stable codes of refusals. A code is the HTTP API's `problem.code` and the type of a workflow's update failure, so
 * that a refusal keeps its code from the validator to the caller.
 */
export const refusalCodes = [
  'invalid_body',
  'invalid_query',
  'invalid_path',
  'invalid_header',
  'malformed_request',
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
  'performer_not_replaceable',
  'participant_limit_reached',
  'channel_without_address',
  'country_not_allowed',
  'unknown_connection',
  'address_not_allowed',
  'meeting_or_room_missing',
  'slot_taken',
  'nothing_free',
  'wrong_state',
  'move_in_progress',
  'move_aborted',
  'answer_superseded',
  'reopen_expired',
  'outcome_not_reopenable',
  'audition_closed',
  'audition_stopped',
  'check_in_not_open',
  'not_admitted_in_turn',
  'audition_not_found',
  'attention_not_found',
  'join_link_not_found',
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
  'expectation_failed',
  'request_timed_out',
  'link_invalid',
  'link_expired',
  'foreign_form',
  'connection_not_found',
  'endpoint_not_found',
  'session_block_not_found',
  'session_not_found',
  'unknown_session_block',
  'session_block_mismatch',
  'session_limit_reached',
  'session_block_cancelled',
  'outside_session_block',
  'session_missing',
  'session_room_recorded',
  'invalid_recurrence',
  'precondition_missing',
  'version_changed',
  'endpoint_disabled',
  'endpoint_limit_reached',
  'rotation_under_way',
  'recording_not_found',
  'recording_not_stored',
  'recording_on_hold',
  'participant_not_erasable',
  'response_erased',
  'provider_not_offered',
  'scope_not_offered',
  'scope_missing',
  'unknown_calendar',
  'calendar_not_writable',
  'duplicate_calendar',
  'calendar_not_chosen',
  'return_address_not_allowed',
  'too_many_requests',
  'overloaded',
  'temporarily_unavailable',
  'internal',
] as const;
export type RefusalCode = (typeof refusalCodes)[number];

/** A refused request: a stable code, a message for the caller, and what to do next. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: RefusalCode;
  readonly whatToDo: string;
  /** JSON pointers to the refused parts of the request. */
  readonly pointers: readonly string[];
  /** For a slot that is not free: what blocks it, and what is proposed instead. */
  readonly conflict: SlotConflict | undefined;

  constructor(
    code: RefusalCode,
    message: string,
    whatToDo: string,
    pointers: readonly string[] = [],
    conflict?: SlotConflict,
  ) {
    super(message);
    this.code = code;
    this.whatToDo = whatToDo;
    this.pointers = pointers;
    this.conflict = conflict;
  }
}
