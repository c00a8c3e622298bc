/**
 * The store of access tokens. `providers/oauth/` refreshes tokens through it, `db/connections/` implements it. The
 * interface is here because neither imports the other.
 */

import type { ConnectionId, OrganizationId } from '../ids.ts';
import type { ConnectionProvider } from '../providers/vendors.ts';
import type { ConnectionStatusReason } from './connection.ts';
import type { AppPassword, FeedAddress } from './grant.ts';

/** Why a credential is decrypted. Recorded in the credential audit. */
export interface CredentialUse {
  /** The operation: `calendar.putEvent`, `connections.renew`. */
  readonly purpose: string;
  readonly correlationId: string;
}

/** The stored state of a connection's access token. */
export type StoredAccessToken =
  | {
      readonly kind: 'connected';
      readonly provider: ConnectionProvider;
      /** Increases with each stored credential or access token. */
      readonly version: number;
      /** Undefined when no token is valid for the requested lifetime. */
      readonly token: string | undefined;
      /** Remaining lifetime by the store's clock, in milliseconds. */
      readonly expiresInMs: number;
      /** The attempt number of the latest refresh that began. */
      readonly attempt: number;
      /** Whether a refresh is in progress: its process still holds the lease. */
      readonly isRefreshing: boolean;
      /** Whether the latest refresh has recorded its result. False when its process died. */
      readonly isRefreshFinished: boolean;
    }
  | NotConnected;

type NotConnected =
  | {
      readonly kind: 'not_connected';
      readonly provider: ConnectionProvider;
      readonly status: 'needs_reauthorization' | 'disconnected';
      readonly reason: ConnectionStatusReason | undefined;
    }
  | { readonly kind: 'unknown_connection' };

/** The stored app-specific password of a connection. */
type StoredAppPassword =
  | { readonly kind: 'connected'; readonly version: number; readonly appPassword: AppPassword }
  | NotConnected;

/** The stored secret address of a calendar feed. */
type StoredFeedAddress =
  | { readonly kind: 'connected'; readonly version: number; readonly address: FeedAddress['address'] }
  | NotConnected;

export interface RefreshLease {
  readonly attempt: number;
  readonly version: number;
  readonly refreshToken: string;
  /** The scopes granted before this refresh. */
  readonly scopes: readonly string[];
  /** The outcome of an earlier refresh is unknown: the provider may have issued another refresh token. */
  readonly inDoubt: boolean;
}

interface ConnectionRef {
  readonly organization: OrganizationId;
  readonly id: ConnectionId;
}

export interface TokenStore {
  /**
   * Returns the connection's access token, and the state of its refresh.
   * @param minLifetimeMs a token that expires sooner is treated as missing
   */
  readAccessToken(
    organization: OrganizationId,
    id: ConnectionId,
    minLifetimeMs: number,
    use: CredentialUse,
  ): Promise<StoredAccessToken>;
  /**
   * Returns the app-specific password of a connection.
   * @throws TypeError when the connection has another kind of credential
   */
  readAppPassword(
    organization: OrganizationId,
    id: ConnectionId,
    use: CredentialUse,
  ): Promise<StoredAppPassword>;
  /**
   * Returns the secret address of a calendar feed.
   * @throws TypeError when the connection has another kind of credential
   */
  readFeedAddress(
    organization: OrganizationId,
    id: ConnectionId,
    use: CredentialUse,
  ): Promise<StoredFeedAddress>;
  /**
   * Acquires the exclusive lease to refresh. Returns undefined when another process holds the lease, or when the stored
   * version is no longer `wanted.version`. `wanted.refused` removes the access token, because the provider rejected it.
   */
  beginRefresh(
    connection: ConnectionRef,
    wanted: { readonly version: number; readonly refused: boolean; readonly leaseMs: number },
    use: CredentialUse,
  ): Promise<RefreshLease | undefined>;
  /**
   * Stores both tokens in one transaction. Returns undefined when the connection was reconnected or disconnected
   * during the refresh.
   */
  completeRefresh(
    connection: ConnectionRef,
    begun: Pick<RefreshLease, 'attempt' | 'version'>,
    renewed: {
      readonly accessToken: string;
      readonly expiresInMs: number;
      readonly refreshToken?: string | undefined;
      readonly scopes?: readonly string[] | undefined;
      /** The grant lacks required scopes: the tokens are stored, and the connection is marked `scopes_missing`. */
      readonly isMissingScopes: boolean;
    },
  ): Promise<{ readonly version: number } | undefined>;
  /** Records a failed refresh. `in_doubt`: the provider may have issued a refresh token that is lost. */
  failRefresh(id: ConnectionId, attempt: number, outcome: 'without_effect' | 'in_doubt'): Promise<void>;
  /** Marks the connection. Returns false without any change when another process has stored a newer version. */
  markNeedsReauthorization(
    id: ConnectionId,
    reason: ConnectionStatusReason,
    version: number,
  ): Promise<boolean>;
}
