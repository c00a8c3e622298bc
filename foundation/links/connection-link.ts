/**
 * Creates and verifies the token in the address of the page on which a person connects accounts. The token
 * names the owner of the accounts, the allowed scope of the page and the expiry. Nothing is stored.
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
import { type LinkMinter, linkMinterSchema } from './link-minter.ts';
import { createTokenSigner } from './signed-token.ts';

export interface ConnectionLink {
  readonly organization: OrganizationId;
  /** Without an owner, the accounts belong to the organization. */
  readonly owner?: ParticipantId | undefined;
  /** Restricts the page to accounts of this provider. */
  readonly provider?: ConnectionProvider | undefined;
  /** Restricts the page to reconnecting this connection. */
  readonly connection?: ConnectionId | undefined;
  /** Scopes to request in addition to the required ones (incremental consent). */
  readonly scopes?: readonly string[] | undefined;
  /** The address the person is redirected to afterwards. Checked before the token was created. */
  readonly returnTo?: string | undefined;
  readonly expiresAt: Instant;
  /** Undefined in links of earlier versions, which were valid for a week at most. */
  readonly minter?: LinkMinter | undefined;
}

export interface ConnectionLinks {
  /** Creates a token. It is safe in a URL path without encoding. */
  token(link: ConnectionLink): string;
  /**
   * Returns undefined for a token that this service did not create. Does not check the expiry: the caller
   * must.
   */
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
  optional(linkMinterSchema.shape.role).optional(),
  optional(linkMinterSchema.shape.id).optional(),
]);

const read = (fields: readonly string[] | undefined): ConnectionLink | undefined => {
  const parsed = linkSchema.safeParse(fields);
  if (!parsed.success) return undefined;
  const [organization, owner, provider, connection, scopes, returnTo, expiresAt, role, id] = parsed.data;
  const minter = role !== undefined && id !== undefined ? { role, id } : undefined;
  return { organization, owner, provider, connection, scopes, returnTo, expiresAt, minter };
};

/**
 * Creates and verifies connection links.
 *
 * @param masterKeys newest first, at least one: the first signs, all verify.
 * @throws {RangeError} when the key ring is empty.
 */
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
      minter,
    }) =>
      tokens.sign([
        organization,
        owner,
        provider,
        connection,
        scopes.join(' '),
        returnTo,
        expiresAt,
        ...(minter ? [minter.role, minter.id] : []),
      ]),
    verify: (token) => read(tokens.verify(token)),
  };
};
