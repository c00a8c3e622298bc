/**
 * Completes the OAuth flow when the provider redirects the browser back. No parameter of the callback is trusted until
 * the authorization request stored under `state` confirms the browser, the owner and the provider (RFC 9700 section 4).
 */
import type { FastifyBaseLogger } from 'fastify';
import type { Actor } from '../../db/access/administrative-acts.ts';
import type { PendingAuthorization } from '../../db/connections/authorization-requests.ts';
import type { Grant } from '../../domain/connections/grant.ts';
import { isTransient, ProviderError } from '../../domain/errors.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import type { OAuthProvider } from '../../domain/providers/vendors.ts';
import type { LinkMinter } from '../../foundation/links/link-minter.ts';
import type { OAuthAuthorizer } from '../../providers/oauth/authorizers.ts';
import { readMinterRights } from '../access/minter-rights.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { authorizerOf } from './begin-authorization.ts';

interface AuthorizationResponse {
  readonly provider: OAuthProvider;
  readonly browser: string | undefined;
  readonly state?: string | undefined;
  readonly code?: string | undefined;
  readonly error?: string | undefined;
  /** The issuer that claims to have sent the response (RFC 9207). */
  readonly iss?: string | undefined;
  readonly correlationId: string;
  readonly log: FastifyBaseLogger;
}

/** Why a callback belongs to no pending authorization. Its organization and owner are unknown. */
export type CallbackRejection = 'unknown_state' | 'other_browser' | 'used' | 'expired';

export type AuthorizationOutcome =
  | { readonly kind: 'connected'; readonly connection: ConnectionId }
  | { readonly kind: 'denied' }
  /** The minter of the link has lost its rights since the flow began. The code was not redeemed. */
  | { readonly kind: 'withdrawn' }
  /** A required scope was not granted. Nothing was stored, and the grant was revoked. */
  | { readonly kind: 'partial'; readonly missing: readonly string[] }
  /** The person chose another account than the one to reconnect. */
  | { readonly kind: 'other_account' }
  /** The response came from another issuer, or its code cannot be redeemed. */
  | { readonly kind: 'unusable' }
  | { readonly kind: 'provider_away' }
  /** The provider rejects our client or its settings. */
  | { readonly kind: 'misconfigured' };

type CallbackResult =
  | { readonly kind: 'stray'; readonly reason: CallbackRejection }
  | {
      readonly kind: 'ended';
      readonly pending: PendingAuthorization;
      readonly outcome: AuthorizationOutcome;
    };

/** For the code exchange and the account lookup together. */
const deadlineMs = 20_000;

/** Errors that mean "not allowed": RFC 6749 section 4.1.2.1, and Microsoft's errors for missing admin consent. */
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

/** Maps a fault of the provider's API. */
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
 * Compares `iss` exactly with the issuers of the provider (RFC 9207). For a provider that publishes no issuer, compares
 * the origin of `iss` with the origin of its consent page.
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

/**
 * Handles the callback: consumes the pending authorization, redeems the code and stores the connection. Each `state` is
 * accepted once. Returns `stray` for a callback that matches no pending authorization of this browser.
 */
export const completeAuthorization = async (
  dependencies: ApiDependencies,
  response: AuthorizationResponse,
): Promise<CallbackResult> => {
  const { provider, browser, state } = response;
  if (state === undefined) return { kind: 'stray', reason: 'unknown_state' };
  if (browser === undefined) return { kind: 'stray', reason: 'other_browser' };
  const consumed = await dependencies.repositories.authorizationRequests.consume({
    state,
    browser,
    provider,
  });
  switch (consumed.kind) {
    case 'unknown':
      return { kind: 'stray', reason: 'unknown_state' };
    case 'used':
    case 'expired':
    case 'other_browser':
      return { kind: 'stray', reason: consumed.kind };
    case 'taken': {
      const { kind: _, ...pending } = consumed;
      return { kind: 'ended', pending, outcome: await redeemAndStore(dependencies, pending, response) };
    }
  }
};

const redeemAndStore = async (
  dependencies: ApiDependencies,
  pending: PendingAuthorization,
  { iss, error, code, correlationId, log }: AuthorizationResponse,
): Promise<AuthorizationOutcome> => {
  const isPermitted = await readMinterRights(dependencies, pending);
  if (!isPermitted('GET /v1/connections/:provider/authorize')) return { kind: 'withdrawn' };
  const authorizer = authorizerOf(dependencies, pending.provider);
  if (iss !== undefined && (await isIssuerMismatch(authorizer, pending, iss))) return { kind: 'unusable' };
  if (error !== undefined) return outcomeOfOAuthError(error);
  if (code === undefined) return { kind: 'unusable' };
  const call = { correlationId, signal: AbortSignal.timeout(deadlineMs) };
  try {
    const grant = await authorizer.redeem(
      { code, codeVerifier: pending.codeVerifier, redirectUri: pending.redirectUri },
      call,
    );
    return await storeConnection(dependencies, authorizer, pending, grant, { correlationId, log });
  } catch (err) {
    if (!(err instanceof ProviderError)) throw err;
    log.warn({ err, provider: pending.provider }, 'account connection failed');
    return outcomeOfFault(err.fault);
  }
};

/** Returns the actor of administrative acts for the holder of a page link: the owner, or the organization. */
export const linkHolderOf = (
  { owner, minter }: { readonly owner?: string | undefined; readonly minter?: LinkMinter | undefined },
  correlationId: string,
): Actor => ({
  by: owner === undefined ? 'organization' : `owner:${owner}`,
  role: 'owner',
  correlationId,
  principal: owner === undefined ? minter?.id : `participant:${owner}`,
  link: minter,
});

type RequestContext = Pick<AuthorizationResponse, 'correlationId' | 'log'>;

const storeConnection = async (
  dependencies: ApiDependencies,
  authorizer: OAuthAuthorizer,
  pending: PendingAuthorization,
  grant: Grant,
  context: RequestContext,
): Promise<AuthorizationOutcome> => {
  const { organization, owner, provider, connection } = pending;
  const missing = authorizer.scopes.required.filter((scope) => !grant.scopes.includes(scope));
  if (missing.length > 0) {
    await revokeUnusedGrant(dependencies, authorizer, pending, grant, context);
    return { kind: 'partial', missing };
  }
  const stored = await dependencies.repositories.accounts.connect(
    { organization, owner, provider, again: connection, grant },
    linkHolderOf(pending, context.correlationId),
  );
  switch (stored.kind) {
    case 'connected':
      return { kind: 'connected', connection: stored.id };
    case 'other_account':
    case 'unknown_connection':
      await revokeUnusedGrant(dependencies, authorizer, pending, grant, context);
      return { kind: 'other_account' };
  }
};

/**
 * Revokes a grant that is not used. A revocation covers every grant of the account, so nothing is revoked while the
 * account is connected elsewhere. Best effort: a failed revocation is logged and does not change the outcome.
 */
const revokeUnusedGrant = async (
  { repositories }: ApiDependencies,
  authorizer: OAuthAuthorizer,
  { provider }: PendingAuthorization,
  { account, credential }: Grant,
  { correlationId, log }: RequestContext,
): Promise<void> => {
  if (credential.kind !== 'oauth') return;
  // In any organization: people work with several.
  const isInUse = (await repositories.inboxRouting.connectionsOfAccount(provider, account.id)).some(
    ({ isConnected }) => isConnected,
  );
  if (isInUse) return;
  try {
    const call = { correlationId, signal: AbortSignal.timeout(deadlineMs) };
    await authorizer.revoke(credential.refreshToken, call);
  } catch (err) {
    log.warn({ err, provider }, 'revocation of an unused grant failed');
  }
};
