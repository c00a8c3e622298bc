/**
 * The token in the address of the page on which a person connects accounts: says whose accounts they are, how far the
 * link opens the page, and until when. Nothing is stored.
 */
import { z } from 'zod';
import {
  type ConnectionId,
  connectionIdSchema,
  type OrganizationId,
  organizationIdSchema,
  type ParticipantId,
  participantIdSchema,
} from '../../domain/ids.ts';
import { type ConnectionProvider, connectionProviders } from '../../domain/providers/vendors.ts';
import { type Instant, instantSchema } from '../../domain/time/instant.ts';
import { createTokenSigner } from './signed-token.ts';

export interface ConnectionLink {
  readonly organization: OrganizationId;
  /** Without one, the accounts are the organization's own. */
  readonly owner?: ParticipantId | undefined;
  /** Opens no more than this provider's accounts. */
  readonly provider?: ConnectionProvider | undefined;
  /** Opens no more than this connection, to connect it again. */
  readonly connection?: ConnectionId | undefined;
  /** Asked for beside what is needed (incremental consent). */
  readonly scopes?: readonly string[] | undefined;
  /** Where the person goes on afterwards. Checked before it was written. */
  readonly returnTo?: string | undefined;
  readonly expiresAt: Instant;
}

export interface ConnectionLinks {
  /** Safe in a URL's path as it is. */
  token(link: ConnectionLink): string;
  /** Undefined for what we did not write; whether it has expired is for the caller to say, who has the clock. */
  verify(token: string): ConnectionLink | undefined;
}

const optional = <Schema extends z.ZodType>(schema: Schema) =>
  z.union([z.literal('').transform(() => undefined), schema]);

const linkSchema = z.tuple([
  organizationIdSchema,
  optional(participantIdSchema),
  optional(z.enum(connectionProviders)),
  optional(connectionIdSchema),
  optional(z.string().transform((text) => text.split(' '))),
  optional(z.url()),
  instantSchema,
]);

const read = (fields: readonly string[] | undefined): ConnectionLink | undefined => {
  const parsed = linkSchema.safeParse(fields);
  if (!parsed.success) return undefined;
  const [organization, owner, provider, connection, scopes, returnTo, expiresAt] = parsed.data;
  return { organization, owner, provider, connection, scopes, returnTo, expiresAt };
};

/** @param masterKeys newest first, at least one: the first writes, all read. */
export const createConnectionLinks = (
  masterKeys: readonly { readonly key: Uint8Array }[],
): ConnectionLinks => {
  const tokens = createTokenSigner(masterKeys, 'castmatch connection link v1');
  return {
    token: ({
      organization,
      owner = '',
      provider = '',
      connection = '',
      scopes = [],
      returnTo = '',
      expiresAt,
    }) => tokens.sign([organization, owner, provider, connection, scopes.join(' '), returnTo, expiresAt]),
    verify: (token) => read(tokens.verify(token)),
  };
};
