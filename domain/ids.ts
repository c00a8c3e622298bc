/**
 * Identifiers. Our own ids have a prefix that names their kind. The prefix is part of the type, so that an audition id
 * cannot be passed as an organization id. The platform's ids (projects, roles, participants) are opaque to us and
 * branded by their schemas.
 */
import { z } from 'zod';

/**
 * Returns the schema of the ids with this prefix. The pattern stands in the metadata too: the JSON schema of a template
 * literal has the pattern of its parts only, so that clients would generate ids that are refused.
 */
const prefixedId = <Prefix extends string>(prefix: Prefix, description: string) => {
  const pattern = new RegExp(`^${prefix}_[A-Za-z0-9_-]{1,64}$`);
  return z
    .templateLiteral([prefix, '_', z.string()])
    .check(z.regex(pattern, `write an id as ${prefix}_ and 1 to 64 letters, digits, "_" or "-"`))
    .meta({ pattern: pattern.source, description });
};

export const auditionIdSchema = prefixedId('aud', 'The id of an audition, given by this service');
export const organizationIdSchema = prefixedId('org', 'The organization, the tenant that owns all of this');
export const connectionIdSchema = prefixedId(
  'conn',
  'The id of a connection: a connected account at a provider',
);
export const attentionIdSchema = prefixedId('att', 'The id of an attention item');
export const sessionBlockIdSchema = prefixedId('blk', 'The id of a session block');
export const endpointIdSchema = prefixedId('endp', 'The id of a webhook endpoint');
export const recordingIdSchema = prefixedId('rec', 'The id of a recording');

/** The block and the day of a casting session: `ses_123-2026-12-03` for the block `blk_123`. */
const castingSessionId = /^ses_[A-Za-z0-9_-]{1,64}-\d{4,}-\d\d-\d\d$/;
export const castingSessionIdSchema = z
  .templateLiteral(['ses_', z.string()])
  .check(z.regex(castingSessionId))
  .meta({ pattern: castingSessionId.source, description: 'The id of the casting session of one day' });

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

export const projectIdSchema = platformId
  .brand<'ProjectId'>()
  .meta({ description: 'The id of the project, given by your platform', examples: ['night-ferry'] });
export const roleIdSchema = platformId
  .brand<'RoleId'>()
  .meta({ description: 'The id of the role, given by your platform', examples: ['captain'] });
export const participantIdSchema = platformId.brand<'ParticipantId'>().meta({
  description: 'The id of the participant, given by your platform and unique in the organization',
  examples: ['ada'],
});

export type ProjectId = z.infer<typeof projectIdSchema>;
export type RoleId = z.infer<typeof roleIdSchema>;
export type ParticipantId = z.infer<typeof participantIdSchema>;
