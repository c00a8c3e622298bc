/** The first half of the dance: what is kept here, and the provider's page that the person is sent to. */
import { createHash, randomBytes } from 'node:crypto';
import type { Connection } from '../../db/connections/repository.ts';
import { Refusal } from '../../domain/errors.ts';
import type { OrganizationId, ParticipantId } from '../../domain/ids.ts';
import type { OAuthProvider } from '../../domain/providers/vendors.ts';
import type { OAuthAuthorizer } from '../../providers/oauth/authorizers.ts';
import type { ApiDependencies } from '../dependencies.ts';

/** 256 bits: never guessed, and 43 characters, as long as a verifier has to be (RFC 7636 section 4.1). */
const randomText = (): string => randomBytes(32).toString('base64url');

const s256 = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url');

const redirectUriOf = (publicUrl: string, provider: OAuthProvider): string =>
  `${publicUrl}/v1/connections/${provider}/callback`;

/** @throws {Refusal} `provider_not_offered` where we have no client at the provider. */
export const authorizerOf = ({ authorizers }: ApiDependencies, provider: OAuthProvider): OAuthAuthorizer => {
  const authorizer = authorizers.oauth[provider];
  if (authorizer) return authorizer;
  throw new Refusal(
    'provider_not_offered',
    `Accounts of ${provider} cannot be connected here: this service has no client there.`,
    'Connect another provider, or have an operator set up the client (docs/configuration.md).',
  );
};

/** @throws {Refusal} `scope_not_offered` for a scope that nothing here has a use for. */
export const checkOptionalScopes = (authorizer: OAuthAuthorizer, wanted: readonly string[]): void => {
  const { required, optional } = authorizer.scopes;
  const unknown = wanted.find((scope) => !required.includes(scope) && !optional.includes(scope));
  if (unknown === undefined) return;
  throw new Refusal(
    'scope_not_offered',
    `Accounts of ${authorizer.provider} are not asked for the scope ${unknown}.`,
    optional.length > 0 ? `Leave it out, or ask for ${optional.join(' or ')}.` : 'Leave it out.',
    ['/scope'],
  );
};

interface AuthorizationStart {
  readonly organization: OrganizationId;
  readonly owner: ParticipantId | undefined;
  readonly provider: OAuthProvider;
  /** The connection that is connected again, and the account that it was. */
  readonly existingConnection: Pick<Connection, 'id' | 'account' | 'scopes'> | undefined;
  /** Wanted beside what is needed. */
  readonly optionalScopes: readonly string[];
  readonly returnTo: string | undefined;
  readonly browser: string;
  readonly correlationId: string;
}

/** Answers with the address of the provider's page. */
export const beginAuthorization = async (
  dependencies: ApiDependencies,
  { existingConnection, optionalScopes, browser, ...asked }: AuthorizationStart,
): Promise<string> => {
  const authorizer = authorizerOf(dependencies, asked.provider);
  const [state, codeVerifier] = [randomText(), randomText()];
  const redirectUri = redirectUriOf(dependencies.configuration.publicUrl, asked.provider);
  // No more than is needed; but what was granted before is not to be lost by connecting again.
  const more = new Set([...optionalScopes, ...(existingConnection?.scopes ?? [])]);
  const optional = authorizer.scopes.optional.filter((scope) => more.has(scope));
  const scopes = [...authorizer.scopes.required, ...optional];
  const url = await authorizer.authorizationUrl({
    state,
    codeChallenge: s256(codeVerifier),
    redirectUri,
    scopes,
    loginHint: existingConnection?.account,
  });
  await dependencies.repositories.authorizationRequests.create({
    ...asked,
    connection: existingConnection?.id,
    state,
    browser,
    codeVerifier,
    redirectUri,
    scopes,
  });
  return url;
};
