/** What may be asked of the connected accounts. Credentials leave this place opened for one call, and noted. */
import type { ConnectionProvider, ConnectionStatus, ConnectionStatusReason } from '../domain/connection.ts';
import type { ConnectionId, OrganizationId } from '../domain/ids.ts';
import type { Instant } from '../domain/time/instant.ts';

/** The same shapes as those of `providers/authorization.ts`. */
export type Credential =
  | { readonly kind: 'oauth'; readonly refreshToken: string }
  | {
      readonly kind: 'app_password';
      readonly serverUrl: string;
      readonly username: string;
      readonly password: string;
    };

interface AccessToken {
  readonly value: string;
  readonly expiresAt: Instant;
}

export interface ConnectionGrant {
  readonly account: { readonly id: string; readonly name: string };
  readonly scopes: readonly string[];
  readonly credential: Credential;
  readonly accessToken?: AccessToken | undefined;
}

/** Everything of a connection that is no secret. */
export interface Connection {
  readonly id: ConnectionId;
  readonly organization: OrganizationId;
  readonly provider: ConnectionProvider;
  /** The platform's id of the person whose account it is; undefined for the organization's own. */
  readonly owner: string | undefined;
  /** What a person knows the account by: as a rule an address. Undefined once disconnected: it was erased. */
  readonly account: string | undefined;
  /** The provider's own id of the account. */
  readonly accountId: string | undefined;
  readonly status: ConnectionStatus;
  readonly statusReason: ConnectionStatusReason | undefined;
  readonly scopes: readonly string[];
  /** Raised with each credential or access token that is stored. */
  readonly version: number;
  readonly accessTokenExpiresAt: Instant | undefined;
  readonly lastRefreshedAt: Instant | undefined;
  readonly connectedAt: Instant;
}

/** For what a credential is opened, and on whose behalf: kept in `credential_reads`. */
export interface CredentialUse {
  /** The operation: `calendar.putEvent`, `connections.refresh`. */
  readonly purpose: string;
  readonly correlationId: string;
}

export type Connected =
  | { readonly kind: 'connected'; readonly id: ConnectionId; readonly wasKnown: boolean }
  /** The connection to connect again is not one of the organization's. */
  | { readonly kind: 'unknown_connection' }
  /** The person consented with another account than that of the connection. */
  | { readonly kind: 'other_account' };

/** A connection's access token as its row has it. */
export type StoredAccessToken =
  | {
      readonly kind: 'connected';
      readonly provider: ConnectionProvider;
      readonly version: number;
      /** Undefined where there is none that lasts for the time asked for. */
      readonly token: string | undefined;
      /** How long it is good for, by the database's clock. Milliseconds. */
      readonly lastsMs: number;
      /** Of the newest refresh that began. */
      readonly attempt: number;
      /** Whether a refresh is under way: whoever began it still holds its lease. */
      readonly isRefreshing: boolean;
      /** Whether the newest refresh that began has ended, well or badly. Not so when its process died. */
      readonly hasEnded: boolean;
    }
  | {
      readonly kind: 'not_connected';
      readonly provider: ConnectionProvider;
      readonly status: 'needs_reauthorization' | 'disconnected';
      readonly reason: ConnectionStatusReason | undefined;
    }
  | { readonly kind: 'unknown_connection' };

export interface RefreshBegun {
  readonly attempt: number;
  readonly version: number;
  readonly refreshToken: string;
  /** An earlier refresh ended without anybody knowing how: the provider may have given another refresh token. */
  readonly inDoubt: boolean;
}

/** The part of the connections that access tokens are refreshed through. */
export interface TokenStore {
  /** @param lastingMs a token that expires sooner is as good as none. */
  openAccessToken(
    organization: OrganizationId,
    id: ConnectionId,
    lastingMs: number,
    use: CredentialUse,
  ): Promise<StoredAccessToken>;
  /**
   * Makes the caller the only one who may refresh, until the lease runs out. Undefined when another holds the lease,
   * or has replaced the version that the caller wants replaced. `refused` takes the access token out of the row, since
   * the provider does not want it.
   */
  beginRefresh(
    connection: { readonly organization: OrganizationId; readonly id: ConnectionId },
    wanted: { readonly version: number; readonly refused: boolean; readonly leaseMs: number },
    use: CredentialUse,
  ): Promise<RefreshBegun | undefined>;
  /** Stores both tokens in one statement. Undefined when the connection was connected anew or disconnected meanwhile. */
  completeRefresh(
    connection: { readonly organization: OrganizationId; readonly id: ConnectionId },
    begun: Pick<RefreshBegun, 'attempt' | 'version'>,
    renewed: {
      readonly accessToken: string;
      readonly lastsMs: number;
      readonly refreshToken?: string | undefined;
      readonly scopes?: readonly string[] | undefined;
    },
  ): Promise<{ readonly version: number } | undefined>;
  /** `in_doubt`: the provider may have given another refresh token that we have not got. */
  failRefresh(id: ConnectionId, attempt: number, outcome: 'without_effect' | 'in_doubt'): Promise<void>;
  /** Nothing when the version has changed: whoever knows better was here. */
  markNeedsReauthorization(
    id: ConnectionId,
    reason: ConnectionStatusReason,
    version: number,
  ): Promise<boolean>;
}

/** An access token that runs out. */
export interface ExpiringToken {
  readonly organization: OrganizationId;
  readonly id: ConnectionId;
  readonly provider: ConnectionProvider;
}

export interface Connections extends TokenStore {
  /** Whose access token expires within that time, or did so no longer ago than that, and is not being refreshed. */
  expiring(withinMs: number, atMost: number): Promise<readonly ExpiringToken[]>;
  /** Adds or replaces an OAuth connection under an id of one's choice: for seeds and tests. */
  put(connection: {
    readonly id: ConnectionId;
    readonly organization: OrganizationId;
    readonly provider: ConnectionProvider;
    readonly account: string;
    readonly refreshToken: string;
    readonly owner?: string | undefined;
    readonly scopes?: readonly string[] | undefined;
  }): Promise<void>;
  /**
   * Keeps what a person has granted. An account that is known already (same organization, owner and provider) keeps
   * its connection and its id. `again` names the connection that the person set out to connect again.
   */
  connect(grant: {
    readonly organization: OrganizationId;
    readonly owner: string | undefined;
    readonly provider: ConnectionProvider;
    readonly grant: ConnectionGrant;
    readonly again?: ConnectionId | undefined;
  }): Promise<Connected>;
  /** Undefined for another organization's connection. */
  get(organization: OrganizationId, id: ConnectionId): Promise<Connection | undefined>;
  /** The oldest first. `owner` narrows it to one person's. */
  list(
    organization: OrganizationId,
    filter?: { readonly owner?: string | undefined },
  ): Promise<readonly Connection[]>;
  /** Those that are there and not disconnected. */
  exists(organization: OrganizationId, ids: readonly ConnectionId[]): Promise<ReadonlySet<ConnectionId>>;
  /** Opens the credential, for one call. Undefined when there is none (any more). */
  openCredential(
    organization: OrganizationId,
    id: ConnectionId,
    use: CredentialUse,
  ): Promise<Credential | undefined>;
  /** Erases credential and access token and destroys their data key. False when there is no such connection. */
  disconnect(
    organization: OrganizationId,
    id: ConnectionId,
    reason: Extract<ConnectionStatusReason, 'disconnected_here' | 'deauthorized'>,
  ): Promise<boolean>;
}
