/**
 * What refreshing access tokens asks of whoever keeps them. Here, because the one who refreshes (`providers/`) and the
 * one who keeps (`db/`) do not know each other.
 */

import type { ConnectionId, OrganizationId } from '../ids.ts';
import type { ConnectionProvider } from '../providers/vendors.ts';
import type { ConnectionStatusReason } from './connection.ts';

/** For what a credential is opened, and on whose behalf: kept in an audit. */
export interface CredentialUse {
  /** The operation: `calendar.putEvent`, `connections.renew`. */
  readonly purpose: string;
  readonly correlationId: string;
}

/** A connection's access token as it is kept. */
export type StoredAccessToken =
  | {
      readonly kind: 'connected';
      readonly provider: ConnectionProvider;
      /** Raised with each credential or access token that is stored. */
      readonly version: number;
      /** Undefined where there is none that lasts for the time asked for. */
      readonly token: string | undefined;
      /** How long it lasts, by the keeper's clock. Milliseconds. */
      readonly expiresInMs: number;
      /** Of the newest refresh that began. */
      readonly attempt: number;
      /** Whether a refresh is under way: whoever began it still holds its lease. */
      readonly isRefreshing: boolean;
      /** Whether the newest refresh that began has ended, well or badly. Not so when its process died. */
      readonly isRefreshFinished: boolean;
    }
  | {
      readonly kind: 'not_connected';
      readonly provider: ConnectionProvider;
      readonly status: 'needs_reauthorization' | 'disconnected';
      readonly reason: ConnectionStatusReason | undefined;
    }
  | { readonly kind: 'unknown_connection' };

export interface RefreshLease {
  readonly attempt: number;
  readonly version: number;
  readonly refreshToken: string;
  /** What the account had granted so far. */
  readonly scopes: readonly string[];
  /** An earlier refresh ended without anybody knowing how: the provider may have given another refresh token. */
  readonly inDoubt: boolean;
}

interface ConnectionRef {
  readonly organization: OrganizationId;
  readonly id: ConnectionId;
}

export interface TokenStore {
  /** @param minLifetimeMs a token that expires sooner is as good as none. */
  readAccessToken(
    organization: OrganizationId,
    id: ConnectionId,
    minLifetimeMs: number,
    use: CredentialUse,
  ): Promise<StoredAccessToken>;
  /**
   * Makes the caller the only one who may refresh, until the lease runs out. Undefined when another holds the lease,
   * or has replaced the version that the caller wants replaced. `refused` takes the access token out, since the
   * provider does not want it.
   */
  beginRefresh(
    connection: ConnectionRef,
    wanted: { readonly version: number; readonly refused: boolean; readonly leaseMs: number },
    use: CredentialUse,
  ): Promise<RefreshLease | undefined>;
  /** Stores both tokens at once. Undefined when the connection was connected anew or disconnected meanwhile. */
  completeRefresh(
    connection: ConnectionRef,
    begun: Pick<RefreshLease, 'attempt' | 'version'>,
    renewed: {
      readonly accessToken: string;
      readonly expiresInMs: number;
      readonly refreshToken?: string | undefined;
      readonly scopes?: readonly string[] | undefined;
      /** The grant no longer covers what is needed: kept, and marked `scopes_missing`. */
      readonly isMissingScopes: boolean;
    },
  ): Promise<{ readonly version: number } | undefined>;
  /** `in_doubt`: the provider may have given another refresh token that we have not got. */
  failRefresh(id: ConnectionId, attempt: number, outcome: 'without_effect' | 'in_doubt'): Promise<void>;
  /** False, and nothing is done, when the version has changed: whoever knows better was here. */
  markNeedsReauthorization(
    id: ConnectionId,
    reason: ConnectionStatusReason,
    version: number,
  ): Promise<boolean>;
}
