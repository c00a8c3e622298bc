/** Every refusal's HTTP status and title: the one place that says so. A new code does not compile without its row. */
import type { RefusalCode } from '../../domain/errors.ts';

interface ProblemKind {
  readonly status: number;
  readonly title: string;
}

/** 400: cannot be read. 422: can be read and makes no sense. 409: makes sense, but not now. */
export const problemKinds = {
  invalid_body: { status: 400, title: 'The request does not fit its schema' },
  idempotency_key_missing: { status: 400, title: 'The Idempotency-Key header is missing' },
  unauthenticated: { status: 401, title: 'No valid API key' },
  forbidden: { status: 403, title: 'This API key may not do that' },
  not_found: { status: 404, title: 'There is nothing at this address' },
  audition_not_found: { status: 404, title: 'No such audition' },
  attention_not_found: { status: 404, title: 'No such attention item' },
  link_invalid: { status: 404, title: 'This link is not valid' },
  connection_not_found: { status: 404, title: 'No such connection' },
  foreign_form: { status: 403, title: 'This form was not sent by our page' },
  link_expired: { status: 410, title: 'This link has expired' },
  method_not_allowed: { status: 405, title: 'This address does not take this method' },
  slot_in_the_past: { status: 409, title: 'The slot is in the past' },
  slot_taken: { status: 409, title: 'The slot is taken' },
  nothing_free: { status: 409, title: 'Nothing is free in the window' },
  wrong_state: { status: 409, title: 'The audition is in another state' },
  audition_closed: { status: 409, title: 'The audition is closed' },
  audition_stopped: { status: 409, title: 'The audition was stopped from outside' },
  check_in_not_open: { status: 409, title: 'Check-in is not open' },
  action_not_offered: { status: 409, title: 'The attention item does not offer this action' },
  request_timed_out: { status: 408, title: 'The request did not arrive in time' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body is of an unsupported media type' },
  unknown_zone: { status: 422, title: 'No such time zone' },
  local_time_in_gap: { status: 422, title: 'The local time does not exist' },
  local_time_ambiguous: { status: 422, title: 'The local time exists twice' },
  slot_ends_before_start: { status: 422, title: 'The slot ends before it starts' },
  slot_too_far_ahead: { status: 422, title: 'The slot is too far ahead' },
  duration_too_short: { status: 422, title: 'A duration is too short' },
  slot_too_long: { status: 422, title: 'The slot is too long' },
  unknown_participant: { status: 422, title: 'No such participant' },
  duplicate_participant: { status: 422, title: 'A participant is named twice' },
  performer_missing: { status: 422, title: 'There is no performer' },
  channel_without_address: { status: 422, title: 'A channel has no address' },
  address_not_allowed: { status: 422, title: 'This address may not be called' },
  provider_not_offered: { status: 422, title: 'This provider cannot be connected' },
  return_address_not_allowed: { status: 422, title: 'People may not be sent on to this address' },
  unknown_connection: { status: 422, title: 'No such connection' },
  meeting_or_room_missing: { status: 422, title: 'Neither a meeting nor a room' },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key was used for another request' },
  too_many_requests: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  overloaded: { status: 503, title: 'Too busy right now' },
  temporarily_unavailable: { status: 503, title: 'Temporarily unavailable' },
} as const satisfies Readonly<Record<RefusalCode, ProblemKind>>;
