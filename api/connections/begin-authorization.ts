/** Starts the OAuth flow: stores the authorization request and returns the URL of the provider's consent page. */
import { createHash, randomBytes } from 'node:crypto';
import type { Connection } from '../../db/connections/repository.ts';
import { Refusal } from '../../domain/errors.ts';
import type { OrganizationId, ParticipantId } from '../../domain/ids.ts';
import type { OAuthProvider } from '../../domain/providers/vendors.ts';
import type { LinkMinter } from '../../foundation/links/link-minter.ts';
import type { OAuthAuthorizer } from '../../providers/oauth/authorizers.ts';
import type { ApiDependencies } from '../dependencies.ts';

/** 256 bits as 43 characters, the minimum length of a code verifier (RFC 7636 section 4.1). */
const randomText = (): string => randomBytes(32).toString('base64url');

const s256 = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url');

const redirectUriOf = (publicUrl: string, provider: OAuthProvider): string =>
  `${publicUrl}/v1/connections/${provider}/callback`;

/**
 * Returns the OAuth client for a provider.
 * @throws {Refusal} `provider_not_offered` when no client is configured for the provider.
 */
export const authorizerOf = ({ authorizers }: ApiDependencies, provider: OAuthProvider): OAuthAuthorizer => {
  const authorizer = authorizers.oauth[provider];
  if (authorizer) return authorizer;
  throw new Refusal(
    'provider_not_offered',
    `Accounts of ${provider} cannot be connected: this service has no OAuth client configured for it.`,
    'Connect another provider, or have an operator set up the client (docs/configuration.md).',
  );
};

/** @throws {Refusal} `scope_not_offered` for a scope that is neither required nor optional for the provider. */
export const checkOptionalScopes = (authorizer: OAuthAuthorizer, wanted: readonly string[]): void => {
  const { required, optional } = authorizer.scopes;
  const unknown = wanted.find((scope) => !required.includes(scope) && !optional.includes(scope));
  if (unknown === undefined) return;
  throw new Refusal(
    'scope_not_offered',
    `The scope ${unknown} is not offered for accounts of ${authorizer.provider}.`,
    optional.length > 0 ? `Omit it, or use ${optional.join(' or ')}.` : 'Omit it.',
    ['/scope'],
  );
};

interface AuthorizationStart {
  readonly organization: OrganizationId;
  readonly owner: ParticipantId | undefined;
  readonly provider: OAuthProvider;
  /** The connection that the person reconnects. */
  readonly existingConnection: Pick<Connection, 'id' | 'account' | 'scopes'> | undefined;
  /** Requested in addition to the required scopes. */
  readonly optionalScopes: readonly string[];
  readonly returnTo: string | undefined;
  readonly browser: string;
  readonly correlationId: string;
  /** The minter of the link. */
  readonly minter: LinkMinter | undefined;
}

/**
 * Stores an authorization request and returns the URL of the provider's consent page.
 * @throws {Refusal} `provider_not_offered`
 */
export const beginAuthorization = async (
  dependencies: ApiDependencies,
  { existingConnection, optionalScopes, browser, ...start }: AuthorizationStart,
): Promise<string> => {
  const authorizer = authorizerOf(dependencies, start.provider);
  const [state, codeVerifier] = [randomText(), randomText()];
  const redirectUri = redirectUriOf(dependencies.configuration.publicUrl, start.provider);
  // Requests the minimum of scopes. Scopes that were granted before must survive a reconnection.
  const wanted = new Set([...optionalScopes, ...(existingConnection?.scopes ?? [])]);
  const optional = authorizer.scopes.optional.filter((scope) => wanted.has(scope));
  const scopes = [...authorizer.scopes.required, ...optional];
  const url = await authorizer.authorizationUrl({
    state,
    codeChallenge: s256(codeVerifier),
    redirectUri,
    scopes,
    loginHint: existingConnection?.account,
  });
  await dependencies.repositories.authorizationRequests.create({
    ...start,
    connection: existingConnection?.id,
    state,
    browser,
    codeVerifier,
    redirectUri,
    scopes,
  });
  return url;
};
