/** Keeps what a person has granted: in a new connection, or in the one that the account has had before. */
import { randomBytes } from 'node:crypto';
import { and, eq, sql } from 'drizzle-orm';
import type { Grant } from '../../domain/connections/grant.ts';
import { type ConnectionId, connectionIdSchema, type OrganizationId } from '../../domain/ids.ts';
import type { ConnectionProvider } from '../../domain/providers/vendors.ts';
import type { Database } from '../client.ts';
import { sha256 } from '../digest.ts';
import { isPostgresError } from '../errors.ts';
import { connections } from '../schema/connections.ts';
import { millisecondsInterval } from '../time.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import type { ConnectionSecrets, ProviderAccount } from './secrets.ts';

export interface ConnectRequest {
  readonly organization: OrganizationId;
  readonly owner: string | undefined;
  readonly provider: ConnectionProvider;
  readonly grant: Grant;
  readonly again?: ConnectionId | undefined;
}

export type ConnectResult =
  | { readonly kind: 'connected'; readonly id: ConnectionId; readonly wasKnown: boolean }
  /** The connection to connect again is not one of the organization's. */
  | { readonly kind: 'unknown_connection' }
  /** The person consented with another account than that of the connection. */
  | { readonly kind: 'other_account' };

type Row = typeof connections.$inferSelect;

/** Somebody else changes the same connection at the same moment: then it is looked at again. */
const maxAttempts = 10;

export const connectAccount = async (
  db: Database,
  vault: Vault,
  secrets: ConnectionSecrets,
  granted: ConnectRequest,
): Promise<ConnectResult> => {
  for (let tries = 0; tries < maxAttempts; tries += 1) {
    const connected = await tryConnect(db, vault, secrets, granted);
    if (connected) return connected;
  }
  throw new Error('the connection changed faster than it could be read');
};

/** Whatever was under way for what the connection held before is overtaken. */
export const supersededRefreshColumns = {
  version: sql`${connections.version} + 1`,
  refreshAttempt: sql`${connections.refreshAttempt} + 1`,
  refreshLeaseUntil: null,
  updatedAt: sql`now()`,
};
/** A grant takes the place of whatever was there. */
export const reconnectedColumns = {
  ...supersededRefreshColumns,
  status: 'connected',
  statusReason: null,
  connectedAt: sql`now()`,
} as const;

/** In the place of a sealed account whose data key is gone. */
export const erasedAccount = '';

/** Undefined when somebody else changed the connection meanwhile. */
const tryConnect = async (
  db: Database,
  vault: Vault,
  secrets: ConnectionSecrets,
  granted: ConnectRequest,
): Promise<ConnectResult | undefined> => {
  const known = await findExisting(db, granted);
  if (granted.again !== undefined && !known) return { kind: 'unknown_connection' };
  if (known && !(await isSameAccount(secrets, known, granted))) return { kind: 'other_account' };

  const id = known ? connectionIdSchema.parse(known.id) : newConnectionId();
  // Its data key may have been destroyed by another process, when it was disconnected.
  vault.evict(id);
  const values = await sealGrant(secrets, id, granted, known ? known.owner : (granted.owner ?? null));
  const written = known
    ? await updateConnection(db, known, values)
    : await insertConnection(db, id, granted, values);
  if (written === 'done') return { kind: 'connected', id, wasKnown: known !== undefined };
  if (written === 'account_has_another') return { kind: 'other_account' };
  if (!known) await vault.destroy(id);
  return undefined;
};

const findExisting = async (
  db: Database,
  { organization, owner, provider, grant, again }: ConnectRequest,
): Promise<Row | undefined> => {
  const which =
    again === undefined
      ? eq(connections.accountReference, accountReferenceOf({ organization, owner, provider }, grant.account))
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
  { organization, provider, grant }: ConnectRequest,
): Promise<boolean> => {
  if (row.accountReference !== null) {
    const { owner } = row;
    return row.accountReference === accountReferenceOf({ organization, owner, provider }, grant.account);
  }
  if (row.sealedAccount === erasedAccount) return true;
  const account = await secrets.account.open(
    { id: connectionIdSchema.parse(row.id), organization },
    row.sealedAccount,
  );
  return account.name === grant.account.name || account.id === grant.account.id;
};

/** Finds the row of an account again, whoever connects it. */
export const accountReferenceOf = (
  of: {
    readonly organization: string;
    readonly owner?: string | null | undefined;
    readonly provider: string;
  },
  account: Pick<ProviderAccount, 'id'>,
): string => sha256(JSON.stringify([of.organization, of.owner ?? null, of.provider, account.id]));

const newConnectionId = (): ConnectionId => `conn_${randomBytes(12).toString('base64url')}`;

const sealGrant = async (
  secrets: ConnectionSecrets,
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
    accountReference: accountReferenceOf({ organization, owner, provider }, account),
    sealedAccount: await secrets.account.seal(of, account),
    sealedCredential: await secrets.credential.seal(of, credential),
    sealedAccessToken: accessToken ? await secrets.accessToken.seal(of, accessToken.value) : null,
    accessTokenExpiresAt: lastsMs === undefined ? null : sql`now() + ${millisecondsInterval(lastsMs)}`,
  };
};
type SealedGrant = Awaited<ReturnType<typeof sealGrant>>;

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

/** Only what was looked at is written over. */
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
