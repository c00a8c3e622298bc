/**
 * Provides the access tokens of connected accounts: from memory, else from the connection's row, else by a refresh. The
 * process that holds the row's lease refreshes the token and all others wait, so an expired token is refreshed once for
 * all processes. App-specific passwords and the addresses of feeds are read from the row for every call.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { CredentialUse, StoredAccessToken, TokenStore } from '../../domain/connections/token-store.ts';
import { ProviderError } from '../../domain/errors.ts';
import type { ConnectionId, OrganizationId } from '../../domain/ids.ts';
import type { ConnectionProvider, OAuthProvider } from '../../domain/providers/vendors.ts';
import { transportError } from '../errors/transport-errors.ts';
import type { CallContext, ConnectedAccount } from '../ports.ts';
import type { OAuthAuthorizer } from './authorizers.ts';
import { reconnectRequired, tokenOperationOf } from './reconnect.ts';
import { createRefresh } from './refresh.ts';
import { type CachedToken, createTokenCache } from './token-cache.ts';

interface TokenOwner {
  readonly organization: OrganizationId;
  readonly id: ConnectionId;
  readonly provider: ConnectionProvider;
  /** The version of the connection's row when it was read for this call. Older tokens are not used. */
  readonly version: number;
}

export interface AccessTokens {
  /**
   * Returns the token methods of a connection for one operation. `accessToken` throws `ProviderError`: `reconnect` when
   * the owner must connect the account again.
   *
   * @param purpose the operation, recorded with each credential that is read.
   */
  forConnection(
    owner: TokenOwner,
    purpose: string,
  ): Omit<ConnectedAccount, 'id' | 'organization' | 'account'>;
  /**
   * Refreshes a token that expires within `lastingMs`, unless another process is refreshing it.
   *
   * @throws {ProviderError} when the refresh fails.
   */
  refreshIfExpiring(
    owner: Omit<TokenOwner, 'version'>,
    lastingMs: number,
    call: CallContext,
  ): Promise<'renewed' | 'not_needed'>;
}

/** The remaining lifetime of a token that is used: the call takes time, and clocks differ. */
const expiryMarginMs = 60_000;
/** While another process refreshes the token, the old one is used until this remaining lifetime. */
const minLifetimeDuringRefreshMs = 2_000;
/** Longer than a lease, so that a waiting process takes over when the lease holder dies. */
const obtainTimeoutMs = 30_000;
const firstPollMs = 100;
const maxPollMs = 1_000;

/** Creates the access tokens of one process. */
export const createAccessTokens = ({
  store,
  authorizers,
}: {
  readonly store: TokenStore;
  readonly authorizers: Readonly<Record<OAuthProvider, OAuthAuthorizer | undefined>>;
}): AccessTokens => {
  const cache = createTokenCache(expiryMarginMs);
  const refresh = createRefresh(store, authorizers);
  const lookups = new Map<ConnectionId, Promise<CachedToken>>();

  /** Reads the token from the row, or gets it by a refresh of this or another process. */
  const obtain = async (
    owner: TokenOwner,
    refusedVersion: number,
    use: CredentialUse,
    signal: AbortSignal,
  ): Promise<CachedToken> => {
    const call = { signal, correlationId: use.correlationId };
    let awaited: AwaitedRefresh | undefined;
    for (let poll = 0; ; poll += 1) {
      if (poll > 0) await pollPause(poll, owner, call);
      const lastingMs = awaited === undefined ? expiryMarginMs : minLifetimeDuringRefreshMs;
      const stored = requireConnected(
        await store.readAccessToken(owner.organization, owner.id, lastingMs, use),
        owner,
      );
      if (stored.token !== undefined && stored.version > refusedVersion) {
        return cache.put(owner.id, { value: stored.token, version: stored.version }, stored.expiresInMs);
      }
      if (stored.isRefreshing) {
        awaited = { attempt: stored.attempt, version: stored.version };
        continue;
      }
      if (awaited && hasFailed(awaited, stored)) throw concurrentRefreshFailed(owner);
      const refused = stored.version === refusedVersion;
      const renewed = await refresh.attempt({ ...owner, version: stored.version }, refused, use);
      if (renewed === 'other_began') awaited = { attempt: stored.attempt + 1, version: stored.version };
      else if (renewed !== 'overtaken') return cache.put(owner.id, renewed.token, renewed.lastsMs);
    }
  };

  /** Concurrent callers of one process share one lookup. No caller can cancel it for the others. */
  const lookUp = (owner: TokenOwner, refusedVersion: number, use: CredentialUse): Promise<CachedToken> => {
    const lookup =
      lookups.get(owner.id) ??
      obtain(owner, refusedVersion, use, AbortSignal.timeout(obtainTimeoutMs)).finally(() =>
        lookups.delete(owner.id),
      );
    lookups.set(owner.id, lookup);
    return lookup;
  };

  return {
    forConnection: (owner, purpose) => {
      let current: CachedToken | undefined;
      let refusedVersion = 0;
      let passwordVersion: number | undefined;
      let addressVersion: number | undefined;
      const isUsable = ({ version }: CachedToken) => version > refusedVersion && version >= owner.version;
      return {
        accessToken: async (call) => {
          const use = { purpose, correlationId: call.correlationId };
          current = cache.get(owner.id);
          while (!current || !isUsable(current)) {
            current = await untilCancelled(lookUp(owner, refusedVersion, use), owner, call);
          }
          return current.value;
        },
        reportRejectedToken: (token) => {
          if (current?.value !== token) return;
          refusedVersion = current.version;
          cache.drop(owner.id, current.version);
        },
        reportMissingScopes: async (token) => {
          if (current?.value !== token) return;
          cache.drop(owner.id, current.version);
          await store.markNeedsReauthorization(owner.id, 'scopes_missing', current.version);
        },
        appPassword: async (call) => {
          const use = { purpose, correlationId: call.correlationId };
          const stored = requireConnected(
            await store.readAppPassword(owner.organization, owner.id, use),
            owner,
          );
          passwordVersion = stored.version;
          return stored.appPassword;
        },
        reportRejectedPassword: async () => {
          if (passwordVersion === undefined) return;
          await store.markNeedsReauthorization(owner.id, 'grant_refused', passwordVersion);
        },
        feedAddress: async (call) => {
          const use = { purpose, correlationId: call.correlationId };
          const { address, version } = requireConnected(
            await store.readFeedAddress(owner.organization, owner.id, use),
            owner,
          );
          addressVersion = version;
          return { address, version };
        },
        reportRejectedFeedAddress: async () => {
          if (addressVersion === undefined) return;
          await store.markNeedsReauthorization(owner.id, 'grant_refused', addressVersion);
        },
      };
    },

    refreshIfExpiring: async (owner, lastingMs, { correlationId }) => {
      const use = { purpose: 'connections.renew', correlationId };
      const stored = await store.readAccessToken(owner.organization, owner.id, lastingMs, use);
      if (stored.kind !== 'connected' || stored.token !== undefined || stored.isRefreshing)
        return 'not_needed';
      const renewed = await refresh.attempt({ ...owner, version: stored.version }, false, use);
      return typeof renewed === 'string' ? 'not_needed' : 'renewed';
    },
  };
};

const requireConnected = <Connected extends { readonly kind: 'connected' }>(
  stored: Connected | Exclude<StoredAccessToken, { readonly kind: 'connected' }>,
  { id, provider }: TokenOwner,
): Connected => {
  switch (stored.kind) {
    case 'connected':
      return stored;
    case 'not_connected':
      throw reconnectRequired(provider, id, stored.reason ?? stored.status);
    case 'unknown_connection':
      throw reconnectRequired(provider, id, 'unknown_connection');
  }
};

/** A refresh by another process, and the version that it replaces. */
interface AwaitedRefresh {
  readonly attempt: number;
  readonly version: number;
}

const hasFailed = (
  awaited: AwaitedRefresh,
  now: AwaitedRefresh & { readonly isRefreshFinished: boolean },
): boolean => now.isRefreshFinished && now.attempt >= awaited.attempt && now.version === awaited.version;

/** All waiting callers fail when the refresh fails. A new refresh per caller would flood the provider. */
const concurrentRefreshFailed = ({ provider, id }: TokenOwner): ProviderError =>
  new ProviderError(
    provider,
    tokenOperationOf(provider).name,
    { kind: 'retry', effect: 'none' },
    { code: 'refresh_failed', message: `another process failed to refresh the access token of ${id}` },
  );

const pollPause = async (poll: number, { provider }: TokenOwner, call: CallContext): Promise<void> => {
  const atMost = Math.min(firstPollMs * 2 ** (poll - 1), maxPollMs);
  await pause(atMost * (0.5 + Math.random() / 2), undefined, { signal: call.signal }).catch(
    (error: unknown) => {
      throw transportError(tokenOperationOf(provider), error, call);
    },
  );
};

/** Settles with the lookup, or as soon as the caller's signal aborts. */
const untilCancelled = async <Found>(
  lookup: Promise<Found>,
  { provider }: TokenOwner,
  call: CallContext,
): Promise<Found> => {
  const cancelled = Promise.withResolvers<never>();
  const cancel = () => cancelled.reject(transportError(tokenOperationOf(provider), call.signal.reason, call));
  if (call.signal.aborted) cancel();
  call.signal.addEventListener('abort', cancel, { once: true });
  try {
    return await Promise.race([lookup, cancelled.promise]);
  } finally {
    call.signal.removeEventListener('abort', cancel);
  }
};
