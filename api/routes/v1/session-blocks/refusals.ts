/** The refusals that the routes of session blocks share. */
import type { RefusalCode } from '../../../../domain/errors.ts';

const common = ['unauthenticated', 'forbidden'] as const satisfies readonly RefusalCode[];

const bodies = ['body_too_large', 'unsupported_media_type'] as const satisfies readonly RefusalCode[];

/** Of a definition, or of the times of one session. */
export const definitionRefusals = [
  ...common,
  ...bodies,
  'unknown_zone',
  'local_time_in_gap',
  'slot_ends_before_start',
  'slot_too_long',
  'slot_too_far_ahead',
  'invalid_recurrence',
] as const satisfies readonly RefusalCode[];

/** Of a route that reads a block. */
export const blockRefusals = [...common, 'session_block_not_found'] as const satisfies readonly RefusalCode[];

/** Of a route that changes a block. */
export const changeRefusals = [
  ...blockRefusals,
  ...bodies,
  'precondition_missing',
  'version_changed',
  'session_block_cancelled',
  'idempotency_key_reused',
] as const satisfies readonly RefusalCode[];
