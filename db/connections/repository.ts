/**
 * Provider accounts that people have connected. Account, credential and access token are sealed under the
 * connection's own data key. How they are connected is in `connect-account.ts`, how access tokens are refreshed
 * in `token-store.ts`.
 */
import { and, asc, eq, inArray, isNull, ne, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { ConnectionStatus, ConnectionStatusReason } from '../../domain/connections/connection.ts';
import type { Credential } from '../../domain/connections/grant.ts';
import type { CredentialUse } from '../../domain/connections/token-store.ts';
import { Refusal } from '../../domain/errors.ts';
import {
  type ConnectionId,
  connectionIdSchema,
  type OrganizationId,
  organizationIdSchema,
} from '../../domain/ids.ts';
import { type ConnectionProvider, connectionProviders } from '../../domain/providers/vendors.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { connections } from '../schema/connections.ts';
import { dataKeys } from '../schema/data-keys.ts';
import { credentialReadsCte } from '../vault/credential-reads.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import {
  type ConnectRequest,
  type ConnectResult,
  connectAccount,
  erasedAccount,
  reconnectedColumns,
  supersededRefreshColumns,
} from './connect-account.ts';
import { type ConnectionSecrets, createConnectionSecrets } from './secrets.ts';
import { type ConnectionTokens, createTokenStore } from './token-store.ts';

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

export interface ConnectionFilter {
  /** One person's; null for the organization's own. */
  readonly owner?: string | null | undefined;
  readonly provider?: ConnectionProvider | undefined;
  readonly statuses?: readonly ConnectionStatus[] | undefined;
  /** Each is opened, with its own key. */
  readonly limit?: number | undefined;
}

export interface Connections extends ConnectionTokens {
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
  connect(grant: ConnectRequest): Promise<ConnectResult>;
  /** Undefined for another organization's connection. */
  get(organization: OrganizationId, id: ConnectionId): Promise<Connection | undefined>;
  /** The longest connected first. */
  list(organization: OrganizationId, filter?: ConnectionFilter): Promise<readonly Connection[]>;
  /** Those that are there and not disconnected. */
  findExisting(
    organization: OrganizationId,
    ids: readonly ConnectionId[],
  ): Promise<ReadonlySet<ConnectionId>>;
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

type Row = typeof connections.$inferSelect;

/**
 * Every method throws what the vault throws when a row was tampered with or its key is gone. `put` throws
 * `Refusal('unknown_connection')` where the id belongs to another organization.
 */
export const createConnections = (db: Database, vault: Vault): Connections => {
  const secrets = createConnectionSecrets(vault);
  return {
    ...createTokenStore(db, secrets),

    async put({ id, organization, provider, account, refreshToken, owner, scopes }) {
      vault.evict(id);
      const of = { id, organization };
      const values = {
        provider,
        owner: owner ?? null,
        ...reconnectedColumns,
        scopes: [...(scopes ?? [])],
        sealedAccount: await secrets.account.seal(of, { id: account, name: account }),
        sealedCredential: await secrets.credential.seal(of, { kind: 'oauth', refreshToken }),
        sealedAccessToken: null,
        accessTokenExpiresAt: null,
      };
      const [row] = await db
        .insert(connections)
        .values({ id, organization, ...values, version: 1, refreshAttempt: 0 })
        .onConflictDoUpdate({
          target: connections.id,
          set: values,
          setWhere: eq(connections.organization, organization),
        })
        .returning({ id: connections.id });
      if (!row) {
        throw new Refusal(
          'unknown_connection',
          `the connection '${id}' belongs to another organization`,
          'choose another id for the connection',
        );
      }
    },

    connect: (granted) => connectAccount(db, vault, secrets, granted),

    async get(organization, id) {
      const [row] = await db
        .select()
        .from(connections)
        .where(and(eq(connections.organization, organization), eq(connections.id, id)));
      return row && toConnection(secrets, row);
    },

    async list(organization, { owner, provider, statuses, limit } = {}) {
      const all = db
        .select()
        .from(connections)
        .where(
          and(
            eq(connections.organization, organization),
            owner === null ? isNull(connections.owner) : undefined,
            typeof owner === 'string' ? eq(connections.owner, owner) : undefined,
            provider && eq(connections.provider, provider),
            statuses && inArray(connections.status, [...statuses]),
          ),
        )
        .orderBy(asc(connections.connectedAt), asc(connections.id));
      const rows = await (limit === undefined ? all : all.limit(limit));
      return Promise.all(rows.map((row) => toConnection(secrets, row)));
    },

    async findExisting(organization, ids) {
      if (ids.length === 0) return new Set();
      const rows = await db
        .select({ id: connections.id })
        .from(connections)
        .where(
          and(
            eq(connections.organization, organization),
            inArray(connections.id, [...ids]),
            ne(connections.status, 'disconnected'),
          ),
        );
      return new Set(rows.map(({ id }) => connectionIdSchema.parse(id)));
    },

    async openCredential(organization, id, use) {
      const kind = sql`CASE WHEN sealed IS NULL THEN NULL WHEN provider = 'apple' THEN 'app_password' ELSE 'refresh_token' END`;
      const { rows } = await db.execute(sql`
        WITH found AS (
          SELECT id, organization, provider, sealed_credential AS sealed FROM connections
          WHERE organization = ${organization} AND id = ${id} AND status <> 'disconnected'
        ), ${credentialReadsCte('found', kind, use)}
        SELECT sealed FROM found`);
      const sealed = sealedSchema.parse(rows[0])?.sealed;
      return sealed ? secrets.credential.open({ id, organization }, sealed) : undefined;
    },

    async disconnect(organization, id, reason) {
      const disconnected = await db.transaction(async (tx) => {
        const [row] = await tx
          .update(connections)
          .set({ ...erasedColumns, status: 'disconnected', statusReason: reason })
          .where(and(eq(connections.organization, organization), eq(connections.id, id)))
          .returning({ id: connections.id });
        if (row) await tx.delete(dataKeys).where(eq(dataKeys.id, id));
        return row !== undefined;
      });
      vault.evict(id);
      return disconnected;
    },
  };
};

const sealedSchema = z.object({ sealed: z.string().nullable() }).optional();

/** The account too is unreadable without the data key. Its reference stays, to find the row again. */
const erasedColumns = {
  ...supersededRefreshColumns,
  sealedAccount: erasedAccount,
  sealedCredential: null,
  sealedAccessToken: null,
  accessTokenExpiresAt: null,
};

const toConnection = async (secrets: ConnectionSecrets, row: Row): Promise<Connection> => {
  const of = {
    id: connectionIdSchema.parse(row.id),
    organization: organizationIdSchema.parse(row.organization),
  };
  const account =
    row.sealedAccount === erasedAccount ? undefined : await secrets.account.open(of, row.sealedAccount);
  return {
    ...of,
    provider: z.enum(connectionProviders).parse(row.provider),
    owner: row.owner ?? undefined,
    account: account?.name,
    accountId: account?.id,
    status: row.status,
    statusReason: row.statusReason ?? undefined,
    scopes: row.scopes,
    version: row.version,
    accessTokenExpiresAt: row.accessTokenExpiresAt ?? undefined,
    lastRefreshedAt: row.lastRefreshedAt ?? undefined,
    connectedAt: toInstant(row.connectedAt.getTime()),
  };
};
