/**
 * Access tokens of connected accounts: in memory while they last, else from the connection's row, else refreshed by
 * whoever wins the row's lease, while the others wait. So a token that is used up is refreshed once, however many
 * processes want it.
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
  /** Of the connection's row, as it was read for this call: an older token is not used any more. */
  readonly version: number;
}

export interface AccessTokens {
  /**
   * The way to the connection's access token for one operation, whose name is kept with each credential that is read.
   * `accessToken` throws `ProviderError`: `reconnect` when the owner has to connect the account again.
   */
  forConnection(
    owner: TokenOwner,
    purpose: string,
  ): Pick<ConnectedAccount, 'accessToken' | 'reportRejectedToken' | 'reportMissingScopes'>;
  /** Refreshes a token that lasts less than that, unless somebody else is at it. Throws `ProviderError`. */
  refreshIfExpiring(
    owner: Omit<TokenOwner, 'version'>,
    lastingMs: number,
    call: CallContext,
  ): Promise<'renewed' | 'not_needed'>;
}

/** A token must last so much longer to be used: the call takes its time, and clocks differ. */
const expiryMarginMs = 60_000;
/** While it is refreshed elsewhere, what is left of it is used up. */
const minLifetimeDuringRefreshMs = 2_000;
/** Longer than a lease, so that whoever waits for a process that died takes over. */
const obtainTimeoutMs = 30_000;
const firstPollMs = 100;
const maxPollMs = 1_000;

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

  /** From the row, or by a refresh: ours or another's. */
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

  /** Callers of one process at the same moment share one search; none of them can call it off for the others. */
  const lookUp = (owner: TokenOwner, refusedVersion: number, use: CredentialUse): Promise<CachedToken> => {
    const begun =
      lookups.get(owner.id) ??
      obtain(owner, refusedVersion, use, AbortSignal.timeout(obtainTimeoutMs)).finally(() =>
        lookups.delete(owner.id),
      );
    lookups.set(owner.id, begun);
    return begun;
  };

  return {
    forConnection: (owner, purpose) => {
      let given: CachedToken | undefined;
      let refusedVersion = 0;
      const fits = ({ version }: CachedToken) => version > refusedVersion && version >= owner.version;
      return {
        accessToken: async (call) => {
          const use = { purpose, correlationId: call.correlationId };
          given = cache.get(owner.id);
          while (!given || !fits(given)) {
            given = await untilCancelled(lookUp(owner, refusedVersion, use), owner, call);
          }
          return given.value;
        },
        reportRejectedToken: (token) => {
          if (given?.value !== token) return;
          refusedVersion = given.version;
          cache.drop(owner.id, given.version);
        },
        reportMissingScopes: async (token) => {
          if (given?.value !== token) return;
          cache.drop(owner.id, given.version);
          await store.markNeedsReauthorization(owner.id, 'scopes_missing', given.version);
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

const requireConnected = (stored: StoredAccessToken, { id, provider }: TokenOwner) => {
  switch (stored.kind) {
    case 'connected':
      return stored;
    case 'not_connected':
      throw reconnectRequired(provider, id, stored.reason ?? stored.status);
    case 'unknown_connection':
      throw reconnectRequired(provider, id, 'unknown_connection');
  }
};

/** A refresh of another's, and the version it is to replace. */
interface AwaitedRefresh {
  readonly attempt: number;
  readonly version: number;
}

const hasFailed = (
  awaited: AwaitedRefresh,
  now: AwaitedRefresh & { readonly isRefreshFinished: boolean },
): boolean => now.isRefreshFinished && now.attempt >= awaited.attempt && now.version === awaited.version;

/** What befell the one who refreshed befalls those who waited: each trying in turn would be a storm. */
const concurrentRefreshFailed = ({ provider, id }: TokenOwner): ProviderError =>
  new ProviderError(
    provider,
    tokenOperationOf(provider).name,
    { kind: 'retry', effect: 'none' },
    { code: 'refresh_failed', message: `another process could not refresh the access token of ${id}` },
  );

const pollPause = async (poll: number, { provider }: TokenOwner, call: CallContext): Promise<void> => {
  const atMost = Math.min(firstPollMs * 2 ** (poll - 1), maxPollMs);
  await pause(atMost * (0.5 + Math.random() / 2), undefined, { signal: call.signal }).catch(
    (error: unknown) => {
      throw transportError(tokenOperationOf(provider), error, call);
    },
  );
};

/** Settles with the search, or as soon as the caller's own signal aborts. */
const untilCancelled = async <Found>(
  search: Promise<Found>,
  { provider }: TokenOwner,
  call: CallContext,
): Promise<Found> => {
  const calledOff = Promise.withResolvers<never>();
  const callOff = () =>
    calledOff.reject(transportError(tokenOperationOf(provider), call.signal.reason, call));
  if (call.signal.aborted) callOff();
  call.signal.addEventListener('abort', callOff, { once: true });
  try {
    return await Promise.race([search, calledOff.promise]);
  } finally {
    call.signal.removeEventListener('abort', callOff);
  }
};
