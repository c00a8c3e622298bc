/**
 * Identifiers. Our own ids have a prefix that names their kind. The prefix is part of the type, so that an audition id
 * cannot be passed as an organization id. The platform's ids (projects, roles, participants) are opaque to us and
 * branded by their schemas.
 */
import { z } from 'zod';

const prefixedId = (prefix: string) => new RegExp(`^${prefix}_[A-Za-z0-9_-]{1,64}$`);

export const auditionIdSchema = z.templateLiteral(['aud_', z.string()]).check(z.regex(prefixedId('aud')));
export const organizationIdSchema = z.templateLiteral(['org_', z.string()]).check(z.regex(prefixedId('org')));
export const connectionIdSchema = z.templateLiteral(['conn_', z.string()]).check(z.regex(prefixedId('conn')));
export const attentionIdSchema = z.templateLiteral(['att_', z.string()]).check(z.regex(prefixedId('att')));
export const sessionBlockIdSchema = z.templateLiteral(['blk_', z.string()]).check(z.regex(prefixedId('blk')));
export const endpointIdSchema = z.templateLiteral(['endp_', z.string()]).check(z.regex(prefixedId('endp')));
export const recordingIdSchema = z.templateLiteral(['rec_', z.string()]).check(z.regex(prefixedId('rec')));

/** The block and the day of a casting session: `ses_123-2026-12-03` for the block `blk_123`. */
export const castingSessionIdSchema = z
  .templateLiteral(['ses_', z.string()])
  .check(z.regex(/^ses_[A-Za-z0-9_-]{1,64}-\d{4,}-\d\d-\d\d$/));

export type AuditionId = z.infer<typeof auditionIdSchema>;
export type OrganizationId = z.infer<typeof organizationIdSchema>;
export type ConnectionId = z.infer<typeof connectionIdSchema>;
export type AttentionId = z.infer<typeof attentionIdSchema>;
/** A webhook endpoint of an organization. */
export type EndpointId = z.infer<typeof endpointIdSchema>;
/** A session block: recurring casting sessions that are cut into slots. */
export type SessionBlockId = z.infer<typeof sessionBlockIdSchema>;
/** The sessions of a session block on one day. */
export type CastingSessionId = z.infer<typeof castingSessionIdSchema>;
/** A recording of one opening of a meeting, with its files. */
export type RecordingId = z.infer<typeof recordingIdSchema>;

/** The platform's ids: opaque, but short and free of anything that could break a key or a search attribute. */
const platformId = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,100}$/, 'use 1 to 100 letters, digits, ".", "_" or "-"');

export const projectIdSchema = platformId.brand<'ProjectId'>();
export const roleIdSchema = platformId.brand<'RoleId'>();
export const participantIdSchema = platformId.brand<'ParticipantId'>();

export type ProjectId = z.infer<typeof projectIdSchema>;
export type RoleId = z.infer<typeof roleIdSchema>;
export type ParticipantId = z.infer<typeof participantIdSchema>;
