/**
 * Provider accounts that people have connected. Account, credential and access token are sealed under the
 * connection's own data key. How access tokens are refreshed is in `connection-tokens.ts`.
 */
import { randomBytes } from 'node:crypto';
import { and, asc, eq, inArray, ne, sql } from 'drizzle-orm';
import { z } from 'zod';
import { connectionProviders } from '../domain/connection.ts';
import { Refusal } from '../domain/errors.ts';
import { type ConnectionId, connectionIdSchema, organizationIdSchema } from '../domain/ids.ts';
import { toInstant } from '../domain/time/epoch.ts';
import type { Database } from './connection.ts';
import { type Account, type ConnectionSecrets, createConnectionSecrets } from './connection-secrets.ts';
import { createTokenStore } from './connection-tokens.ts';
import type { Connected, Connection, Connections } from './connections-contract.ts';
import { noting } from './credential-reads.ts';
import { sha256 } from './digest.ts';
import { isPostgresError } from './postgres-error.ts';
import { connections } from './schema/connections.ts';
import { dataKeys } from './schema/data-keys.ts';
import type { Vault } from './vault.ts';

type Granted = Parameters<Connections['connect']>[0];
type Row = typeof connections.$inferSelect;

/** Somebody else changes the same connection at the same moment: then it is looked at again. */
const triesAtMost = 10;

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

    async connect(granted) {
      for (let tries = 0; tries < triesAtMost; tries += 1) {
        const connected = await connectOnce(db, vault, secrets, granted);
        if (connected) return connected;
      }
      throw new Error('the connection changed faster than it could be read');
    },

    async get(organization, id) {
      const [row] = await db
        .select()
        .from(connections)
        .where(and(eq(connections.organization, organization), eq(connections.id, id)));
      return row && asConnection(secrets, row);
    },

    async list(organization, { owner } = {}) {
      const rows = await db
        .select()
        .from(connections)
        .where(
          and(
            eq(connections.organization, organization),
            owner === undefined ? undefined : eq(connections.owner, owner),
          ),
        )
        .orderBy(asc(connections.connectedAt), asc(connections.id));
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

/** Whatever was under way for what the connection held before is overtaken. */
const overtaken = {
  version: sql`${connections.version} + 1`,
  refreshAttempt: sql`${connections.refreshAttempt} + 1`,
  refreshLeaseUntil: null,
  updatedAt: sql`now()`,
};
const renewed = {
  ...overtaken,
  status: 'connected',
  statusReason: null,
  connectedAt: sql`now()`,
} as const;
/** The account too is unreadable without the data key. Its reference stays, to find the row again. */
const erasedAccount = '';
const erased = {
  ...overtaken,
  sealedAccount: erasedAccount,
  sealedCredential: null,
  sealedAccessToken: null,
  accessTokenExpiresAt: null,
};

/** Undefined when somebody else changed the connection meanwhile. */
const connectOnce = async (
  db: Database,
  vault: Vault,
  secrets: ConnectionSecrets,
  granted: Granted,
): Promise<Connected | undefined> => {
  const known = await findKnown(db, granted);
  if (granted.again !== undefined && !known) return { kind: 'unknown_connection' };
  if (known && !(await isSameAccount(secrets, known, granted))) return { kind: 'other_account' };

  const id = known ? connectionIdSchema.parse(known.id) : newConnectionId();
  // Its data key may have been destroyed by another process, when it was disconnected.
  vault.forget(id);
  const values = await sealedGrant(secrets, id, granted, known?.owner ?? granted.owner ?? null);
  const written = known ? await rewrite(db, known, values) : await write(db, id, granted, values);
  if (written === 'done') return { kind: 'connected', id, wasKnown: known !== undefined };
  if (written === 'account_has_another') return { kind: 'other_account' };
  if (!known) await vault.destroy(id);
  return undefined;
};

const findKnown = async (
  db: Database,
  { organization, owner, provider, grant, again }: Granted,
): Promise<Row | undefined> => {
  const which =
    again === undefined
      ? eq(connections.accountReference, referenceOf({ organization, owner, provider }, grant.account))
      : eq(connections.id, again);
  const [row] = await db
    .select()
    .from(connections)
    .where(and(eq(connections.organization, organization), eq(connections.provider, provider), which));
  return row;
};

/** A row that was put by hand does not know the provider's id of its account, only its name. */
const isSameAccount = async (
  secrets: ConnectionSecrets,
  row: Row,
  { organization, provider, grant }: Granted,
): Promise<boolean> => {
  if (row.accountReference !== null) {
    const { owner } = row;
    return row.accountReference === referenceOf({ organization, owner, provider }, grant.account);
  }
  if (row.sealedAccount === erasedAccount) return true;
  const account = await secrets.account.open(
    { id: connectionIdSchema.parse(row.id), organization },
    row.sealedAccount,
  );
  return account.name === grant.account.name || account.id === grant.account.id;
};

/** Finds the row of an account again, whoever connects it. */
export const referenceOf = (
  of: {
    readonly organization: string;
    readonly owner?: string | null | undefined;
    readonly provider: string;
  },
  account: Pick<Account, 'id'>,
): string => sha256(JSON.stringify([of.organization, of.owner ?? null, of.provider, account.id]));

const newConnectionId = (): ConnectionId => `conn_${randomBytes(12).toString('base64url')}`;

const sealedGrant = async (
  secrets: ConnectionSecrets,
  id: ConnectionId,
  { organization, provider, grant }: Granted,
  owner: string | null,
) => {
  const of = { id, organization };
  const { account, credential, accessToken, scopes } = grant;
  const lastsMs = accessToken && Date.parse(accessToken.expiresAt) - Date.now();
  return {
    owner,
    scopes: [...scopes],
    accountReference: referenceOf({ organization, owner, provider }, account),
    sealedAccount: await secrets.account.seal(of, account),
    sealedCredential: await secrets.credential.seal(of, credential),
    sealedAccessToken: accessToken ? await secrets.accessToken.seal(of, accessToken.value) : null,
    accessTokenExpiresAt: lastsMs === undefined ? null : sql`now() + ${lastsMs} * interval '1 millisecond'`,
  };
};
type SealedGrant = Awaited<ReturnType<typeof sealedGrant>>;

type Written = 'done' | 'overtaken' | 'account_has_another';

const write = async (
  db: Database,
  id: ConnectionId,
  { organization, provider }: Granted,
  values: SealedGrant,
): Promise<Written> => {
  const [row] = await db
    .insert(connections)
    .values({ id, organization, provider, ...values })
    .onConflictDoNothing({ target: connections.accountReference })
    .returning({ id: connections.id });
  return row ? 'done' : 'overtaken';
};

/** Only what was looked at is written over. */
const rewrite = async (db: Database, { id, version }: Row, values: SealedGrant): Promise<Written> => {
  try {
    const [row] = await db
      .update(connections)
      .set({ ...values, ...renewed })
      .where(and(eq(connections.id, id), eq(connections.version, version)))
      .returning({ id: connections.id });
    return row ? 'done' : 'overtaken';
  } catch (error) {
    if (isPostgresError(error, 'unique_violation')) return 'account_has_another';
    throw error;
  }
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
