/** What may be asked of the connected accounts. Credentials leave this place opened for one call, and noted. */
import type { CredentialUse, TokenStore } from '../domain/connections/access-tokens.ts';
import type {
  ConnectionProvider,
  ConnectionStatus,
  ConnectionStatusReason,
} from '../domain/connections/connection.ts';
import type { Credential, Grant } from '../domain/connections/grant.ts';
import type { ConnectionId, OrganizationId } from '../domain/ids.ts';
import type { Instant } from '../domain/time/instant.ts';

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

export type Connected =
  | { readonly kind: 'connected'; readonly id: ConnectionId; readonly wasKnown: boolean }
  /** The connection to connect again is not one of the organization's. */
  | { readonly kind: 'unknown_connection' }
  /** The person consented with another account than that of the connection. */
  | { readonly kind: 'other_account' };

export interface ConnectionFilter {
  /** One person's; null for the organization's own. */
  readonly owner?: string | null | undefined;
  readonly provider?: ConnectionProvider | undefined;
  readonly statuses?: readonly ConnectionStatus[] | undefined;
  /** Each is opened, with its own key. */
  readonly atMost?: number | undefined;
}

/** An access token that runs out. */
interface ExpiringToken {
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
    readonly grant: Grant;
    readonly again?: ConnectionId | undefined;
  }): Promise<Connected>;
  /** Undefined for another organization's connection. */
  get(organization: OrganizationId, id: ConnectionId): Promise<Connection | undefined>;
  /** The longest connected first. */
  list(organization: OrganizationId, filter?: ConnectionFilter): Promise<readonly Connection[]>;
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
