/**
 * One refresh, under the row's lease. A refresh token that the provider exchanged for another is stored together with
 * the access token, before either is used. Should the process die between the provider's answer and that statement,
 * whoever holds the next lease tries the stored token again; when the provider refuses it then, it was lost.
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
  /** The version that is to be replaced. */
  readonly version: number;
}

interface RefreshedToken {
  readonly token: CachedToken;
  readonly lastsMs: number;
}

export interface Refresh {
  /**
   * Another may be at it, or have connected the account again meanwhile: then the row is to be read again. Throws
   * `ProviderError`, after the connection was marked where the provider takes its grant no more.
   */
  attempt(
    wanted: RefreshTarget,
    refused: boolean,
    use: CredentialUse,
  ): Promise<RefreshedToken | 'other_began' | 'overtaken'>;
}

/** How long a provider may take to answer, and the lease that outlives it. */
const providerTimeoutMs = 10_000;
const leaseMs = 20_000;
/** A database that hiccups must not cost the token that the provider has just given: tried so often within the lease. */
const storeRetryDelaysMs: readonly number[] = [200, 1_000, 3_000];

export const createRefresh = (
  store: TokenStore,
  authorizers: Readonly<Record<OAuthProvider, OAuthAuthorizer | undefined>>,
): Refresh => {
  const recordFailure = (wanted: RefreshTarget, { attempt, inDoubt }: RefreshLease, error: unknown) =>
    store
      .failRefresh(wanted.id, attempt, inDoubt || mayHaveRefreshed(error) ? 'in_doubt' : 'without_effect')
      // The lease runs out by itself.
      .catch(() => undefined);

  /** Throws what the provider's refusal means for the connection, unless it was connected anew meanwhile. */
  const handleRefusedGrant = async (wanted: RefreshTarget, begun: RefreshLease): Promise<'overtaken'> => {
    const reason = begun.inDoubt ? 'refresh_lost' : 'grant_refused';
    if (!(await store.markNeedsReauthorization(wanted.id, reason, begun.version))) return 'overtaken';
    throw reconnectRequired(wanted.provider, wanted.id, reason);
  };

  /**
   * Disconnected while the provider answered: the refresh token that was given back then had been exchanged already, and
   * the one in hand is the grant. Of an account that was connected again, that would take the new grant away.
   */
  const revokeUnstoredGrant = async (
    authorizer: OAuthAuthorizer,
    { organization, id }: RefreshTarget,
    { refreshToken }: { readonly refreshToken?: string | undefined },
    use: CredentialUse,
  ): Promise<void> => {
    if (refreshToken === undefined) return;
    const now = await store.readAccessToken(organization, id, Number.MAX_SAFE_INTEGER, use);
    if (now.kind !== 'not_connected' || now.status !== 'disconnected') return;
    const call = { signal: AbortSignal.timeout(providerTimeoutMs), correlationId: use.correlationId };
    await authorizer.revoke(refreshToken, call).catch(() => undefined);
  };

  const storeWithRetries = async (
    wanted: RefreshTarget,
    begun: RefreshLease,
    renewed: Awaited<ReturnType<OAuthAuthorizer['refresh']>> & { readonly isTooLittle: boolean },
  ): Promise<RefreshedToken | 'overtaken'> => {
    const { value, expiresAt } = renewed.accessToken;
    const answeredAt = Date.now();
    for (let tries = 0; ; tries += 1) {
      const expiresInMs = Date.parse(expiresAt) - answeredAt;
      try {
        const stored = await store.completeRefresh(wanted, begun, {
          accessToken: value,
          expiresInMs,
          refreshToken: renewed.refreshToken,
          scopes: renewed.scopes,
          isMissingScopes: renewed.isTooLittle,
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
    attempt: async (wanted, refused, use) => {
      const authorizer = authorizerOf(authorizers, wanted.provider);
      const begun = await store.beginRefresh(wanted, { version: wanted.version, refused, leaseMs }, use);
      if (!begun) return 'other_began';
      const call = { signal: AbortSignal.timeout(providerTimeoutMs), correlationId: use.correlationId };
      let renewed: Awaited<ReturnType<OAuthAuthorizer['refresh']>>;
      try {
        renewed = await authorizer.refresh(begun.refreshToken, call);
      } catch (error) {
        if (isRefusedGrant(error)) return handleRefusedGrant(wanted, begun);
        await recordFailure(wanted, begun, error);
        throw error;
      }
      const isTooLittle = lostRequiredScope(authorizer.scopes.required, begun.scopes, renewed.scopes);
      const stored = await storeWithRetries(wanted, begun, { ...renewed, isTooLittle });
      if (stored === 'overtaken') await revokeUnstoredGrant(authorizer, wanted, renewed, use);
      if (isTooLittle && stored !== 'overtaken')
        throw reconnectRequired(wanted.provider, wanted.id, 'scopes_missing');
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
    { message: `there is no OAuth client for ${provider} in the configuration` },
  );
};

/** Whether something needed is gone. What was never noted as granted, as of an account put by hand, is not missed. */
const lostRequiredScope = (
  needed: readonly string[],
  before: readonly string[],
  now: readonly string[] | undefined,
): boolean => now !== undefined && needed.some((scope) => before.includes(scope) && !now.includes(scope));

const isRefusedGrant = (error: unknown): boolean =>
  error instanceof ProviderError && error.fault.kind === 'reconnect';

/** Whoever did not hear an answer cannot know that there was none. */
const mayHaveRefreshed = (error: unknown): boolean => {
  if (!(error instanceof ProviderError)) return true;
  if (isCircuitOpen(error) || error.vendor.status !== undefined) return false;
  return error.fault.kind === 'outage' || error.fault.kind === 'retry';
};
