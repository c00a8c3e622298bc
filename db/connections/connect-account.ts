/** Stores a grant in a new connection, or in the existing connection of the same account. */
import { randomBytes } from 'node:crypto';
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Grant } from '../../domain/connections/grant.ts';
import { type ConnectionId, connectionIdSchema, type OrganizationId } from '../../domain/ids.ts';
import type { ConnectionProvider } from '../../domain/providers/vendors.ts';
import type { Database } from '../client.ts';
import { isPostgresError } from '../errors.ts';
import { connections } from '../schema/connections.ts';
import { millisecondsInterval } from '../time.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { type AccountHashes, createAccountHashes } from './account-hashes.ts';
import type { AccountReferences } from './account-references.ts';
import { expireRevokedToken } from './pending-revocations.ts';
import type { ConnectionSecrets } from './secrets.ts';

export interface ConnectRequest {
  readonly organization: OrganizationId;
  readonly owner: string | undefined;
  readonly provider: ConnectionProvider;
  readonly grant: Grant;
  /** The connection to reconnect. */
  readonly again?: ConnectionId | undefined;
}

export type ConnectResult =
  | { readonly kind: 'connected'; readonly id: ConnectionId; readonly wasKnown: boolean }
  /** The organization has no connection with the id to reconnect. */
  | { readonly kind: 'unknown_connection' }
  /** The grant belongs to another account than the connection to reconnect. */
  | { readonly kind: 'other_account' };

type Row = typeof connections.$inferSelect;

interface Protection {
  readonly secrets: ConnectionSecrets;
  readonly hashes: AccountHashes;
}

/** When another process changes the connection at the same time, the connection is read again. */
const maxAttempts = 10;

/**
 * Stores a grant, sealed. An account that is known (same organization, owner and provider) keeps its connection and id.
 * @throws {Error} when other processes changed the connection ten times in a row.
 */
export const connectAccount = async (
  db: Database,
  vault: Vault,
  secrets: ConnectionSecrets,
  references: AccountReferences,
  request: ConnectRequest,
): Promise<ConnectResult> => {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    const connected = await tryConnect(db, vault, secrets, references, request);
    if (connected) return connected;
  }
  throw new Error(`the connection was changed concurrently ${maxAttempts} times: try again`);
};

/** Invalidates every running refresh of the credential that the connection held before. */
export const supersededRefreshColumns = {
  version: sql`${connections.version} + 1`,
  refreshAttempt: sql`${connections.refreshAttempt} + 1`,
  refreshLeaseUntil: null,
  updatedAt: sql`now()`,
};
/** Columns of a connection that has received a new grant. */
export const reconnectedColumns = {
  ...supersededRefreshColumns,
  status: 'connected',
  statusReason: null,
  reauthorizationSince: null,
  connectedAt: sql`now()`,
} as const;

/** Value of the sealed account after its data key was destroyed. */
export const erasedAccount = '';

/** Undefined when another process changed the connection meanwhile. */
const tryConnect = async (
  db: Database,
  vault: Vault,
  secrets: ConnectionSecrets,
  references: AccountReferences,
  request: ConnectRequest,
): Promise<ConnectResult | undefined> => {
  const hashes = createAccountHashes(vault);
  const existing = await findExisting(db, hashes, request);
  if (request.again !== undefined && !existing) return { kind: 'unknown_connection' };
  if (existing && !(await isSameAccount({ secrets, hashes }, existing, request)))
    return { kind: 'other_account' };

  const id = existing ? connectionIdSchema.parse(existing.id) : newConnectionId();
  // Another process may have destroyed the data key when it disconnected the account.
  vault.evict(id);
  const owner = existing ? existing.owner : (request.owner ?? null);
  const values = {
    ...(await sealGrant({ secrets, hashes }, id, request, owner)),
    providerAccount: references.of(request.provider, request.grant.account.id),
  };
  const written = existing
    ? await updateConnection(db, existing, values)
    : await insertConnection(db, id, request, values);
  if (written === 'done') {
    await expireRevokedToken(db, id);
    return { kind: 'connected', id, wasKnown: existing !== undefined };
  }
  if (written === 'account_has_another') return { kind: 'other_account' };
  if (!existing) await vault.destroy(id);
  return undefined;
};

const findExisting = async (
  db: Database,
  hashes: AccountHashes,
  { organization, owner, provider, grant, again }: ConnectRequest,
): Promise<Row | undefined> => {
  const which =
    again === undefined
      ? inArray(connections.accountReference, [
          ...(await hashes.formsOf({ organization, owner, provider, account: grant.account })),
        ])
      : eq(connections.id, again);
  const [row] = await db
    .select()
    .from(connections)
    .where(and(eq(connections.organization, organization), eq(connections.provider, provider), which));
  return row;
};

/**
 * A row of `put` has no account reference. Then the accounts are compared by name or id. The address of a feed changes
 * when its owner resets it, and nothing tells that it is the same calendar: the owner decides.
 */
const isSameAccount = async (
  { secrets, hashes }: Protection,
  row: Row,
  { organization, provider, grant }: ConnectRequest,
): Promise<boolean> => {
  if (grant.credential.kind === 'feed_address') return true;
  if (row.accountReference !== null) {
    const { owner } = row;
    const forms = await hashes.formsOf({ organization, owner, provider, account: grant.account });
    return forms.includes(row.accountReference);
  }
  if (row.sealedAccount === erasedAccount) return true;
  const account = await secrets.account.open(
    { id: connectionIdSchema.parse(row.id), organization },
    row.sealedAccount,
  );
  return account.name === grant.account.name || account.id === grant.account.id;
};

const newConnectionId = (): ConnectionId => `conn_${randomBytes(12).toString('base64url')}`;

const sealGrant = async (
  { secrets, hashes }: Protection,
  id: ConnectionId,
  { organization, provider, grant }: ConnectRequest,
  owner: string | null,
) => {
  const of = { id, organization };
  const { account, credential, accessToken, scopes } = grant;
  const lastsMs = accessToken && Date.parse(accessToken.expiresAt) - Date.now();
  return {
    owner,
    scopes: [...scopes],
    accountReference: await hashes.of({ organization, owner, provider, account }),
    sealedAccount: await secrets.account.seal(of, account),
    sealedCredential: await secrets.credential.seal(of, credential),
    sealedAccessToken: accessToken ? await secrets.accessToken.seal(of, accessToken.value) : null,
    accessTokenExpiresAt: lastsMs === undefined ? null : sql`now() + ${millisecondsInterval(lastsMs)}`,
  };
};
type SealedGrant = Awaited<ReturnType<typeof sealGrant>> & { readonly providerAccount: string };

type WriteResult = 'done' | 'overtaken' | 'account_has_another';

const insertConnection = async (
  db: Database,
  id: ConnectionId,
  { organization, provider }: ConnectRequest,
  values: SealedGrant,
): Promise<WriteResult> => {
  const [row] = await db
    .insert(connections)
    .values({ id, organization, provider, ...values })
    .onConflictDoNothing({ target: connections.accountReference })
    .returning({ id: connections.id });
  return row ? 'done' : 'overtaken';
};

/** Updates the connection only when its version is unchanged. */
const updateConnection = async (
  db: Database,
  { id, version }: Row,
  values: SealedGrant,
): Promise<WriteResult> => {
  try {
    const [row] = await db
      .update(connections)
      .set({ ...values, ...reconnectedColumns })
      .where(and(eq(connections.id, id), eq(connections.version, version)))
      .returning({ id: connections.id });
    return row ? 'done' : 'overtaken';
  } catch (error) {
    if (isPostgresError(error, 'unique_violation')) return 'account_has_another';
    throw error;
  }
};
