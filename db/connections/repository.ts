/**
 * Stores connected provider accounts. Account, credential and access token are sealed under the connection's own data
 * key. See `connect-account.ts` for connecting, `token-store.ts` for refreshing access tokens.
 */
import { and, asc, eq, inArray, isNull, ne, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { CalendarChoice } from '../../domain/calendars/calendar-choice.ts';
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
import {
  addressProviders,
  type ConnectionProvider,
  connectionProviders,
  passwordProviders,
} from '../../domain/providers/vendors.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { createBatching } from '../batching.ts';
import type { Database } from '../client.ts';
import { connections } from '../schema/connections.ts';
import { credentialReadsCte } from '../vault/credential-reads.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import type { AccountReferences } from './account-references.ts';
import {
  type ConnectRequest,
  type ConnectResult,
  connectAccount,
  erasedAccount,
  reconnectedColumns,
  supersededRefreshColumns,
} from './connect-account.ts';
import { type ConnectionSecrets, createConnectionSecrets } from './secrets.ts';
import { type ConnectionTokens, createTokenStore, reauthorizationColumns } from './token-store.ts';

/** A connection without its secrets. */
export interface Connection {
  readonly id: ConnectionId;
  readonly organization: OrganizationId;
  readonly provider: ConnectionProvider;
  /** The platform's id of the person whose account it is; undefined for the organization's own. */
  readonly owner: string | undefined;
  /** Display name of the account, usually an email address. Undefined after disconnecting, because it was erased. */
  readonly account: string | undefined;
  /** The provider's own id of the account. */
  readonly accountId: string | undefined;
  /** Whether the account belongs to a person and to no organization. Undefined: the provider has not told. */
  readonly isPersonal: boolean | undefined;
  /** The keyed reference of the account, equal in all organizations. Undefined in a row of an earlier version. */
  readonly accountReference: string | undefined;
  readonly status: ConnectionStatus;
  readonly statusReason: ConnectionStatusReason | undefined;
  readonly scopes: readonly string[];
  /** Incremented with each credential or access token that is stored. */
  readonly version: number;
  readonly accessTokenExpiresAt: Instant | undefined;
  readonly lastRefreshedAt: Instant | undefined;
  readonly connectedAt: Instant;
}

export interface ConnectionFilter {
  /** Connections of this person; null for the organization's own. */
  readonly owner?: string | null | undefined;
  readonly provider?: ConnectionProvider | undefined;
  readonly statuses?: readonly ConnectionStatus[] | undefined;
  /** Maximum number of connections. Each one costs the decryption of its account with its own key. */
  readonly limit?: number | undefined;
}

export interface Connections extends ConnectionTokens {
  /**
   * Adds or replaces an OAuth connection with a given id. For seeds and tests.
   * @throws {Refusal} `unknown_connection` when the id belongs to another organization.
   */
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
   * Stores a grant. An account that is known (same organization, owner and provider) keeps its connection and id.
   * `again` is the id of the connection that the person wants to reconnect.
   */
  connect(grant: ConnectRequest): Promise<ConnectResult>;
  /** Returns a connection; undefined when the organization has none with this id. */
  get(organization: OrganizationId, id: ConnectionId): Promise<Connection | undefined>;
  /** Returns connections, the longest connected first. */
  list(organization: OrganizationId, filter?: ConnectionFilter): Promise<readonly Connection[]>;
  /** Returns the connections that exist and are not disconnected, with the choice of their calendars. */
  findChoices(
    organization: OrganizationId,
    ids: readonly ConnectionId[],
  ): Promise<ReadonlyMap<ConnectionId, CalendarChoice | undefined>>;
  /** Returns the owners of the connections that belong to a person. Connections of the organization itself have none. */
  findOwners(
    organization: OrganizationId,
    ids: readonly ConnectionId[],
  ): Promise<ReadonlyMap<ConnectionId, string>>;
  /** Returns the choice of calendars; undefined when the owner has not chosen. */
  getChoice(organization: OrganizationId, id: ConnectionId): Promise<CalendarChoice | undefined>;
  /** Stores the choice of calendars. Returns false when there is no such connection, or it is disconnected. Idempotent. */
  putChoice(organization: OrganizationId, id: ConnectionId, choice: CalendarChoice): Promise<boolean>;
  /** Decrypts the credential for one call and records the read. Undefined when there is none. */
  openCredential(
    organization: OrganizationId,
    id: ConnectionId,
    use: CredentialUse,
  ): Promise<Credential | undefined>;
  /** Erases credential, access token and data key. Returns false when there is no such connection. Idempotent. */
  disconnect(organization: OrganizationId, id: ConnectionId): Promise<boolean>;
  /**
   * Marks a connection whose owner has removed this service at the provider: erases its tokens, which have become
   * worthless, and keeps the account, to which the owner is asked to reconnect. Idempotent.
   */
  markDeauthorized(organization: OrganizationId, id: ConnectionId): Promise<void>;
}

type Row = typeof connections.$inferSelect;

interface ConnectionKey {
  readonly organization: OrganizationId;
  readonly id: ConnectionId;
}

/** Returns the row of each connection, in the same order, or null when the organization has no such connection. */
const findRows = async (db: Database, wanted: readonly ConnectionKey[]): Promise<readonly (Row | null)[]> => {
  const ids = sql.param(wanted.map(({ id }) => id));
  const rows = await db.select().from(connections).where(sql`${connections.id} = ANY (${ids}::text[])`);
  return wanted.map(
    ({ organization, id }) => rows.find((row) => row.id === id && row.organization === organization) ?? null,
  );
};

/**
 * Creates the repository of connections. Every method throws the errors of `Vault.open` when a row was altered or its
 * data key is missing.
 */
export const createConnections = (db: Database, vault: Vault, references: AccountReferences): Connections => {
  const secrets = createConnectionSecrets(vault);
  const find = createBatching({
    run: (wanted: readonly ConnectionKey[]) => findRows(db, wanted),
    keyOf: ({ organization, id }) => `${organization} ${id}`,
  });
  const findChoices: Connections['findChoices'] = async (organization, ids) => {
    if (ids.length === 0) return new Map();
    const rows = await db
      .select({ id: connections.id, sealed: connections.sealedCalendarChoice })
      .from(connections)
      .where(
        and(
          eq(connections.organization, organization),
          inArray(connections.id, [...ids]),
          ne(connections.status, 'disconnected'),
        ),
      );
    const choices = rows.map(async (row) => {
      const id = connectionIdSchema.parse(row.id);
      const choice =
        row.sealed === null ? undefined : await secrets.calendarChoice.open({ id, organization }, row.sealed);
      return [id, choice] as const;
    });
    return new Map(await Promise.all(choices));
  };
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
        providerAccount: references.of(provider, account),
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

    connect: (granted) => connectAccount(db, vault, secrets, references, granted),

    async get(organization, id) {
      const row = await find({ organization, id });
      return row ? toConnection(secrets, row) : undefined;
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

    findChoices,

    async findOwners(organization, ids) {
      if (ids.length === 0) return new Map();
      const rows = await db
        .select({ id: connections.id, owner: connections.owner })
        .from(connections)
        .where(and(eq(connections.organization, organization), inArray(connections.id, [...ids])));
      return new Map(
        rows.flatMap(({ id, owner }) =>
          owner === null ? [] : [[connectionIdSchema.parse(id), owner] as const],
        ),
      );
    },

    async getChoice(organization, id) {
      return (await findChoices(organization, [id])).get(id);
    },

    async putChoice(organization, id, choice) {
      const isMeant = and(
        eq(connections.organization, organization),
        eq(connections.id, id),
        ne(connections.status, 'disconnected'),
      );
      return db.transaction(async (tx) => {
        // Sealing creates a missing data key. A disconnected account must get none.
        const [row] = await tx.select({ id: connections.id }).from(connections).where(isMeant).for('update');
        if (!row) return false;
        const sealedCalendarChoice = await secrets.calendarChoice.seal({ id, organization }, choice);
        await tx.update(connections).set({ sealedCalendarChoice, updatedAt: sql`now()` }).where(isMeant);
        return true;
      });
    },

    async openCredential(organization, id, use) {
      const kind = sql`CASE WHEN sealed IS NULL THEN NULL WHEN ${isOneOf(passwordProviders)} THEN 'app_password'
        WHEN ${isOneOf(addressProviders)} THEN 'feed_address' ELSE 'refresh_token' END`;
      const { rows } = await db.execute(sql`
        WITH found AS (
          SELECT id, organization, provider, sealed_credential AS sealed FROM connections
          WHERE organization = ${organization} AND id = ${id} AND status <> 'disconnected'
        ), ${credentialReadsCte('found', kind, use)}
        SELECT sealed FROM found`);
      const sealed = sealedSchema.parse(rows[0])?.sealed;
      return sealed ? secrets.credential.open({ id, organization }, sealed) : undefined;
    },

    async markDeauthorized(organization, id) {
      await db
        .update(connections)
        .set({
          ...reauthorizationColumns('deauthorized'),
          sealedCredential: null,
          refreshAttempt: sql`${connections.refreshAttempt} + 1`,
          refreshLeaseUntil: null,
          updatedAt: sql`now()`,
        })
        .where(
          and(
            eq(connections.organization, organization),
            eq(connections.id, id),
            eq(connections.status, 'connected'),
          ),
        );
    },

    async disconnect(organization, id) {
      const disconnected = await db.transaction(async (tx) => {
        const [row] = await tx
          .update(connections)
          .set({ ...erasedColumns, status: 'disconnected', statusReason: 'disconnected_here' })
          .where(and(eq(connections.organization, organization), eq(connections.id, id)))
          .returning({ id: connections.id });
        // Before the commit: after a crash in between, the account is still connected, and is disconnected again.
        if (row) await vault.destroy(id);
        return row !== undefined;
      });
      return disconnected;
    },
  };
};

const isOneOf = (names: readonly ConnectionProvider[]) =>
  sql`provider = ANY(${sql.param([...names])}::text[])`;

const sealedSchema = z.object({ sealed: z.string().nullable() }).optional();

/** The account name is erased too. The account reference stays, so that a reconnect finds the row. */
const erasedColumns = {
  ...supersededRefreshColumns,
  sealedAccount: erasedAccount,
  sealedCredential: null,
  sealedCalendarChoice: null,
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
    isPersonal: account?.isPersonal,
    accountReference: row.providerAccount ?? undefined,
    status: row.status,
    statusReason: row.statusReason ?? undefined,
    scopes: row.scopes,
    version: row.version,
    accessTokenExpiresAt: row.accessTokenExpiresAt ?? undefined,
    lastRefreshedAt: row.lastRefreshedAt ?? undefined,
    connectedAt: toInstant(row.connectedAt.getTime()),
  };
};
