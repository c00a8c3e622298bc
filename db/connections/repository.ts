/**
 * Provider accounts that people have connected. Account, credential and access token are sealed under the
 * connection's own data key. How they are connected is in `connecting.ts`, how access tokens are refreshed in
 * `connection-tokens.ts`.
 */
import { and, asc, eq, inArray, isNull, ne, sql } from 'drizzle-orm';
import { z } from 'zod';
import { connectionProviders } from '../../domain/connections/connection.ts';
import { Refusal } from '../../domain/errors.ts';
import { connectionIdSchema, organizationIdSchema } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { Database } from '../client.ts';
import type { Connection, Connections } from '../connections-contract.ts';
import { connections } from '../schema/connections.ts';
import { dataKeys } from '../schema/data-keys.ts';
import { noting } from '../vault/credential-reads.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { connectAccount, erasedAccount, overtaken, renewed } from './connect-account.ts';
import { type ConnectionSecrets, createConnectionSecrets } from './secrets.ts';
import { createTokenStore } from './token-store.ts';

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
      vault.forget(id);
      const of = { id, organization };
      const values = {
        provider,
        owner: owner ?? null,
        ...renewed,
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
      return row && asConnection(secrets, row);
    },

    async list(organization, { owner, provider, statuses, atMost } = {}) {
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
      const rows = await (atMost === undefined ? all : all.limit(atMost));
      return Promise.all(rows.map((row) => asConnection(secrets, row)));
    },

    async exists(organization, ids) {
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
        ), ${noting('found', kind, use)}
        SELECT sealed FROM found`);
      const sealed = sealedSchema.parse(rows[0])?.sealed;
      return sealed ? secrets.credential.open({ id, organization }, sealed) : undefined;
    },

    async disconnect(organization, id, reason) {
      const disconnected = await db.transaction(async (tx) => {
        const [row] = await tx
          .update(connections)
          .set({ ...erased, status: 'disconnected', statusReason: reason })
          .where(and(eq(connections.organization, organization), eq(connections.id, id)))
          .returning({ id: connections.id });
        if (row) await tx.delete(dataKeys).where(eq(dataKeys.id, id));
        return row !== undefined;
      });
      vault.forget(id);
      return disconnected;
    },
  };
};

const sealedSchema = z.object({ sealed: z.string().nullable() }).optional();

/** The account too is unreadable without the data key. Its reference stays, to find the row again. */
const erased = {
  ...overtaken,
  sealedAccount: erasedAccount,
  sealedCredential: null,
  sealedAccessToken: null,
  accessTokenExpiresAt: null,
};

const asConnection = async (secrets: ConnectionSecrets, row: Row): Promise<Connection> => {
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
