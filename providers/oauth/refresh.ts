/**
 * Refreshes an access token under the lease of the connection's row. A new refresh token is stored together with the
 * access token before either is used. When the process dies between the provider's answer and the write, the next lease
 * holder tries the stored token again. If the provider then rejects it, the new one was lost (`refresh_lost`).
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { CredentialUse, RefreshLease, TokenStore } from '../../domain/connections/token-store.ts';
import { isCircuitOpen, ProviderError } from '../../domain/errors.ts';
import type { ConnectionId, OrganizationId } from '../../domain/ids.ts';
import {
  type ConnectionProvider,
  isOAuthProvider,
  type OAuthProvider,
} from '../../domain/providers/vendors.ts';
import type { OAuthAuthorizer } from './authorizers.ts';
import { reconnectRequired, tokenOperationOf } from './reconnect.ts';
import type { CachedToken } from './token-cache.ts';

interface RefreshTarget {
  readonly organization: OrganizationId;
  readonly id: ConnectionId;
  readonly provider: ConnectionProvider;
  /** The version of the token to replace. */
  readonly version: number;
}

interface RefreshedToken {
  readonly token: CachedToken;
  readonly lastsMs: number;
}

export interface Refresh {
  /**
   * Refreshes the token once. Returns `other_began` when another process is refreshing it, and `overtaken` when the
   * account was reconnected or disconnected meanwhile: read the row again.
   *
   * @param refused whether the provider rejected the current token before it expired.
   * @throws {ProviderError} when the refresh fails. A withdrawn grant marks the connection before the error is thrown.
   */
  attempt(
    target: RefreshTarget,
    refused: boolean,
    use: CredentialUse,
  ): Promise<RefreshedToken | 'other_began' | 'overtaken'>;
}

/** The deadline of the provider's answer. The lease must last longer. */
const providerTimeoutMs = 10_000;
const leaseMs = 20_000;
/** Delays between attempts to store the new token. All attempts fit into the lease, so a short database failure loses no token. */
const storeRetryDelaysMs: readonly number[] = [200, 1_000, 3_000];

/** Creates the refresh of tokens, for one process. */
export const createRefresh = (
  store: TokenStore,
  authorizers: Readonly<Record<OAuthProvider, OAuthAuthorizer | undefined>>,
): Refresh => {
  const recordFailure = (target: RefreshTarget, { attempt, inDoubt }: RefreshLease, error: unknown) =>
    store
      .failRefresh(target.id, attempt, inDoubt || mayHaveRefreshed(error) ? 'in_doubt' : 'without_effect')
      // Ignored: the lease expires.
      .catch(() => undefined);

  /** Marks the connection and throws `reconnect`, unless the account was connected again meanwhile. */
  const handleRefusedGrant = async (target: RefreshTarget, lease: RefreshLease): Promise<'overtaken'> => {
    const reason = lease.inDoubt ? 'refresh_lost' : 'grant_refused';
    if (!(await store.markNeedsReauthorization(target.id, reason, lease.version))) return 'overtaken';
    throw reconnectRequired(target.provider, target.id, reason);
  };

  /**
   * Revokes a new refresh token that could not be stored because the account was disconnected during the refresh: the
   * disconnection revoked the old refresh token, which no longer stood for the grant. Does nothing when the account was
   * connected again, because that would revoke the new grant.
   */
  const revokeUnstoredGrant = async (
    authorizer: OAuthAuthorizer,
    { organization, id }: RefreshTarget,
    { refreshToken }: { readonly refreshToken?: string | undefined },
    use: CredentialUse,
  ): Promise<void> => {
    if (refreshToken === undefined) return;
    const stored = await store.readAccessToken(organization, id, Number.MAX_SAFE_INTEGER, use);
    if (stored.kind !== 'not_connected' || stored.status !== 'disconnected') return;
    const call = { signal: AbortSignal.timeout(providerTimeoutMs), correlationId: use.correlationId };
    await authorizer.revoke(refreshToken, call).catch(() => undefined);
  };

  const storeWithRetries = async (
    target: RefreshTarget,
    lease: RefreshLease,
    renewed: Awaited<ReturnType<OAuthAuthorizer['refresh']>> & { readonly isMissingScopes: boolean },
  ): Promise<RefreshedToken | 'overtaken'> => {
    const { value, expiresAt } = renewed.accessToken;
    const answeredAt = Date.now();
    for (let tries = 0; ; tries += 1) {
      const expiresInMs = Date.parse(expiresAt) - answeredAt;
      try {
        const stored = await store.completeRefresh(target, lease, {
          accessToken: value,
          expiresInMs,
          refreshToken: renewed.refreshToken,
          scopes: renewed.scopes,
          isMissingScopes: renewed.isMissingScopes,
        });
        return stored ? { token: { value, version: stored.version }, lastsMs: expiresInMs } : 'overtaken';
      } catch (error) {
        const pauseMs = storeRetryDelaysMs[tries];
        if (pauseMs === undefined) throw error;
        await pause(pauseMs);
      }
    }
  };

  return {
    attempt: async (target, refused, use) => {
      const authorizer = authorizerOf(authorizers, target.provider);
      const lease = await store.beginRefresh(target, { version: target.version, refused, leaseMs }, use);
      if (!lease) return 'other_began';
      const call = { signal: AbortSignal.timeout(providerTimeoutMs), correlationId: use.correlationId };
      let renewed: Awaited<ReturnType<OAuthAuthorizer['refresh']>>;
      try {
        renewed = await authorizer.refresh(lease.refreshToken, call);
      } catch (error) {
        if (isRefusedGrant(error)) return handleRefusedGrant(target, lease);
        await recordFailure(target, lease, error);
        throw error;
      }
      const isMissingScopes = lostRequiredScope(authorizer.scopes.required, lease.scopes, renewed.scopes);
      const stored = await storeWithRetries(target, lease, { ...renewed, isMissingScopes });
      if (stored === 'overtaken') await revokeUnstoredGrant(authorizer, target, renewed, use);
      if (isMissingScopes && stored !== 'overtaken')
        throw reconnectRequired(target.provider, target.id, 'scopes_missing');
      return stored;
    },
  };
};

const authorizerOf = (
  authorizers: Readonly<Record<OAuthProvider, OAuthAuthorizer | undefined>>,
  provider: ConnectionProvider,
): OAuthAuthorizer => {
  const authorizer = isOAuthProvider(provider) ? authorizers[provider] : undefined;
  if (authorizer) return authorizer;
  throw new ProviderError(
    provider,
    tokenOperationOf(provider).name,
    { kind: 'misconfigured' },
    { message: `no OAuth client is configured for ${provider}; set its client id and secret` },
  );
};

/** Whether a required scope was granted before and is missing now. A scope that was never recorded as granted does not count. */
const lostRequiredScope = (
  required: readonly string[],
  before: readonly string[],
  now: readonly string[] | undefined,
): boolean => now !== undefined && required.some((scope) => before.includes(scope) && !now.includes(scope));

const isRefusedGrant = (error: unknown): boolean =>
  error instanceof ProviderError && error.fault.kind === 'reconnect';

/** Whether the provider may have refreshed the token although the call failed: no answer arrived. */
const mayHaveRefreshed = (error: unknown): boolean => {
  if (!(error instanceof ProviderError)) return true;
  if (isCircuitOpen(error) || error.vendor.status !== undefined) return false;
  return error.fault.kind === 'outage' || error.fault.kind === 'retry';
};
