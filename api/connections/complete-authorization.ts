/**
 * The second half of the dance: a browser comes back from the provider. Everything it brings is somebody's word until the
 * row that we kept under `state` says that this browser was sent there, for whom, and for what (RFC 9700 section 4).
 */
import type { FastifyBaseLogger } from 'fastify';
import type { Actor } from '../../db/access/administrative-acts.ts';
import type { PendingAuthorization } from '../../db/connections/authorization-requests.ts';
import type { Grant } from '../../domain/connections/grant.ts';
import { isTransient, ProviderError } from '../../domain/errors.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import type { OAuthProvider } from '../../domain/providers/vendors.ts';
import type { OAuthAuthorizer } from '../../providers/oauth/authorizers.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { authorizerOf } from './begin-authorization.ts';

interface AuthorizationResponse {
  readonly provider: OAuthProvider;
  readonly browser: string | undefined;
  readonly state?: string | undefined;
  readonly code?: string | undefined;
  readonly error?: string | undefined;
  /** Who says that it answers (RFC 9207). */
  readonly iss?: string | undefined;
  readonly correlationId: string;
  readonly log: FastifyBaseLogger;
}

/** What is not the end of anything that we began: nothing is known of whose it is. */
export type CallbackRejection = 'unknown_state' | 'other_browser' | 'used' | 'expired';

export type AuthorizationOutcome =
  | { readonly kind: 'connected'; readonly connection: ConnectionId }
  | { readonly kind: 'denied' }
  /** Nothing was stored, and what was granted was given back. */
  | { readonly kind: 'partial'; readonly missing: readonly string[] }
  /** Connected again was to be one account, and another one was chosen. */
  | { readonly kind: 'other_account' }
  /** The answer was not from the provider that was asked, or cannot be used. */
  | { readonly kind: 'unusable' }
  | { readonly kind: 'provider_away' }
  /** Between the provider and us something is set up wrong. */
  | { readonly kind: 'misconfigured' };

type CallbackResult =
  | { readonly kind: 'stray'; readonly reason: CallbackRejection }
  | { readonly kind: 'ended'; readonly asked: PendingAuthorization; readonly outcome: AuthorizationOutcome };

/** Exchange and questions about the account, together. */
const deadlineMs = 20_000;

/** What providers call a person's no: RFC 6749 section 4.1.2.1, and Microsoft's for what an administrator has to allow. */
const denialErrors: ReadonlySet<string> = new Set([
  'access_denied',
  'consent_required',
  'interaction_required',
]);
const transientErrors: ReadonlySet<string> = new Set(['temporarily_unavailable', 'server_error']);

const outcomeOfOAuthError = (error: string): AuthorizationOutcome => {
  if (denialErrors.has(error)) return { kind: 'denied' };
  return { kind: transientErrors.has(error) ? 'provider_away' : 'misconfigured' };
};

/** By the provider's fault; undefined for what is none. */
const outcomeOfFault = (fault: ProviderError['fault']): AuthorizationOutcome => {
  if (isTransient(fault)) return { kind: 'provider_away' };
  switch (fault.kind) {
    case 'reconnect':
    case 'rejected_input':
    case 'not_found':
    case 'conflict':
      return { kind: 'unusable' };
    case 'misconfigured':
    case 'not_permitted':
      return { kind: 'misconfigured' };
  }
};

/**
 * RFC 9207: who says that it answers has to be the one that was asked, to the letter. Of a provider that does not
 * publish its name, it has to be the site that the person was sent to.
 */
const isIssuerMismatch = async (
  authorizer: OAuthAuthorizer,
  { redirectUri, scopes }: PendingAuthorization,
  iss: string,
): Promise<boolean> => {
  if (authorizer.issuers) return !authorizer.issuers.includes(iss);
  const page = await authorizer.authorizationUrl({ state: '', codeChallenge: '', redirectUri, scopes });
  return !URL.canParse(iss) || new URL(iss).origin !== new URL(page).origin;
};

export const completeAuthorization = async (
  dependencies: ApiDependencies,
  returned: AuthorizationResponse,
): Promise<CallbackResult> => {
  const { provider, browser, state } = returned;
  if (state === undefined) return { kind: 'stray', reason: 'unknown_state' };
  if (browser === undefined) return { kind: 'stray', reason: 'other_browser' };
  const taken = await dependencies.repositories.authorizationRequests.consume({ state, browser, provider });
  switch (taken.kind) {
    case 'unknown':
      return { kind: 'stray', reason: 'unknown_state' };
    case 'used':
    case 'expired':
    case 'other_browser':
      return { kind: 'stray', reason: taken.kind };
    case 'taken': {
      const { kind: _, ...asked } = taken;
      return { kind: 'ended', asked, outcome: await redeemAndStore(dependencies, asked, returned) };
    }
  }
};

const redeemAndStore = async (
  dependencies: ApiDependencies,
  asked: PendingAuthorization,
  { iss, error, code, correlationId, log }: AuthorizationResponse,
): Promise<AuthorizationOutcome> => {
  const authorizer = authorizerOf(dependencies, asked.provider);
  if (iss !== undefined && (await isIssuerMismatch(authorizer, asked, iss))) return { kind: 'unusable' };
  if (error !== undefined) return outcomeOfOAuthError(error);
  if (code === undefined) return { kind: 'unusable' };
  const call = { correlationId, signal: AbortSignal.timeout(deadlineMs) };
  try {
    const grant = await authorizer.redeem(
      { code, codeVerifier: asked.codeVerifier, redirectUri: asked.redirectUri },
      call,
    );
    return await storeConnection(dependencies, authorizer, asked, grant, { correlationId, log });
  } catch (err) {
    if (!(err instanceof ProviderError)) throw err;
    log.warn({ err, provider: asked.provider }, 'an account could not be connected');
    return outcomeOfFault(err.fault);
  }
};

/** The person who has the link acts, for themselves or for the organization. */
export const linkHolderOf = (
  { owner }: { readonly owner?: string | undefined },
  correlationId: string,
): Actor => ({ by: owner === undefined ? 'organization' : `owner:${owner}`, role: 'owner', correlationId });

type RequestContext = Pick<AuthorizationResponse, 'correlationId' | 'log'>;

const storeConnection = async (
  dependencies: ApiDependencies,
  authorizer: OAuthAuthorizer,
  asked: PendingAuthorization,
  grant: Grant,
  noted: RequestContext,
): Promise<AuthorizationOutcome> => {
  const { organization, owner, provider, connection } = asked;
  const missing = authorizer.scopes.required.filter((scope) => !grant.scopes.includes(scope));
  if (missing.length > 0) {
    await revokeUnusedGrant(dependencies, authorizer, asked, grant, noted);
    return { kind: 'partial', missing };
  }
  const kept = await dependencies.repositories.accounts.connect(
    { organization, owner, provider, again: connection, grant },
    linkHolderOf(asked, noted.correlationId),
  );
  switch (kept.kind) {
    case 'connected':
      return { kind: 'connected', connection: kept.id };
    case 'other_account':
    case 'unknown_connection':
      await revokeUnusedGrant(dependencies, authorizer, asked, grant, noted);
      return { kind: 'other_account' };
  }
};

/**
 * What we will not use is revoked. But a provider revokes all that an account has granted us, so that nothing is revoked
 * of an account that is connected: it would stop working. Where it does not succeed, the person is still told.
 */
const revokeUnusedGrant = async (
  { repositories }: ApiDependencies,
  authorizer: OAuthAuthorizer,
  { provider }: PendingAuthorization,
  { account, credential }: Grant,
  { correlationId, log }: RequestContext,
): Promise<void> => {
  if (credential.kind !== 'oauth') return;
  // In whatever organization: people work with several.
  const isInUse = (await repositories.inboxRouting.connectionsOfAccount(provider, account.id)).some(
    ({ isConnected }) => isConnected,
  );
  if (isInUse) return;
  try {
    const call = { correlationId, signal: AbortSignal.timeout(deadlineMs) };
    await authorizer.revoke(credential.refreshToken, call);
  } catch (err) {
    log.warn({ err, provider }, 'a grant that we do not use could not be revoked');
  }
};
