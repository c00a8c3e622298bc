/** Stores the tokens of one connection in memory, with the semantics of its database row. */

import type { ConnectionStatusReason } from '../../domain/connections/connection.ts';
import type { TokenStore } from '../../domain/connections/token-store.ts';
import type { ConnectionProvider } from '../../domain/providers/vendors.ts';

export interface MemoryTokenStore extends TokenStore {
  readonly row: {
    refreshToken: string;
    accessToken: string | undefined;
    expiresAt: number;
    version: number;
    attempt: number;
    leaseUntil: number | 'in_doubt' | undefined;
    scopes: readonly string[];
    reason: ConnectionStatusReason | undefined;
  };
  readonly reads: string[];
}

/** Creates a store with one connected account. `reads` records which tokens were read, and for which purpose. */
export const createMemoryTokenStore = (
  refreshToken: string,
  provider: ConnectionProvider = 'google',
  now = Date.now,
): MemoryTokenStore => {
  const row: MemoryTokenStore['row'] = {
    refreshToken,
    accessToken: undefined,
    expiresAt: 0,
    version: 1,
    attempt: 0,
    leaseUntil: undefined,
    scopes: [],
    reason: undefined,
  };
  const reads: string[] = [];
  const isRefreshing = () => typeof row.leaseUntil === 'number' && row.leaseUntil > now();
  return {
    row,
    reads,
    readAccessToken: async (_organization, _id, lastingMs, { purpose }) => {
      if (row.reason) {
        const status = row.reason === 'disconnected_here' ? 'disconnected' : 'needs_reauthorization';
        return { kind: 'not_connected', provider, status, reason: row.reason };
      }
      const expiresInMs = row.expiresAt - now();
      const token = expiresInMs > lastingMs ? row.accessToken : undefined;
      if (token !== undefined) reads.push(`access_token for ${purpose}`);
      return {
        kind: 'connected',
        provider,
        version: row.version,
        token,
        expiresInMs,
        attempt: row.attempt,
        isRefreshing: isRefreshing(),
        isRefreshFinished: typeof row.leaseUntil !== 'number',
      };
    },
    readAppPassword: async () => {
      throw new TypeError('the account of this store was connected with OAuth');
    },
    readFeedAddress: async () => {
      throw new TypeError('the account of this store was connected with OAuth');
    },
    beginRefresh: async (_connection, { version, refused, leaseMs }, { purpose }) => {
      if (row.version !== version || row.reason || isRefreshing()) return undefined;
      const inDoubt = row.leaseUntil !== undefined;
      row.attempt += 1;
      row.leaseUntil = now() + leaseMs;
      if (refused) row.accessToken = undefined;
      reads.push(`refresh_token for ${purpose}`);
      return { attempt: row.attempt, version, refreshToken: row.refreshToken, scopes: row.scopes, inDoubt };
    },
    completeRefresh: async (_connection, begun, renewed) => {
      if (row.reason || (row.attempt !== begun.attempt && row.version !== begun.version)) return undefined;
      row.accessToken = renewed.accessToken;
      row.expiresAt = now() + renewed.expiresInMs;
      row.refreshToken = renewed.refreshToken ?? row.refreshToken;
      row.version += 1;
      row.scopes = renewed.scopes ?? row.scopes;
      if (renewed.isMissingScopes) row.reason = 'scopes_missing';
      if (row.attempt === begun.attempt) row.leaseUntil = undefined;
      return { version: row.version };
    },
    failRefresh: async (_id, attempt, outcome) => {
      if (row.attempt === attempt) row.leaseUntil = outcome === 'in_doubt' ? 'in_doubt' : undefined;
    },
    markNeedsReauthorization: async (_id, reason, version) => {
      if (row.version !== version) return false;
      row.reason = reason;
      row.leaseUntil = undefined;
      return true;
    },
  };
};
