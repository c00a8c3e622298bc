/**
 * Identifiers. Ours carry a prefix that says what they name, and the prefix is part of the type, so that an
 * audition's id cannot be passed where an organization's is meant. The platform's own ids (projects, roles,
 * participants) are opaque to us and branded by the schema that admits them.
 */
import { z } from 'zod';

const prefixedId = (prefix: string) => new RegExp(`^${prefix}_[A-Za-z0-9_-]{1,64}$`);

export const auditionIdSchema = z.templateLiteral(['aud_', z.string()]).check(z.regex(prefixedId('aud')));
export const organizationIdSchema = z.templateLiteral(['org_', z.string()]).check(z.regex(prefixedId('org')));
export const connectionIdSchema = z.templateLiteral(['conn_', z.string()]).check(z.regex(prefixedId('conn')));
export const attentionIdSchema = z.templateLiteral(['att_', z.string()]).check(z.regex(prefixedId('att')));
export const endpointIdSchema = z.templateLiteral(['endp_', z.string()]).check(z.regex(prefixedId('endp')));

export type AuditionId = z.infer<typeof auditionIdSchema>;
export type OrganizationId = z.infer<typeof organizationIdSchema>;
export type ConnectionId = z.infer<typeof connectionIdSchema>;
export type AttentionId = z.infer<typeof attentionIdSchema>;
/** Where an organization is told of its auditions. */
export type EndpointId = z.infer<typeof endpointIdSchema>;

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
