import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ConnectionId, type OrganizationId, organizationIdSchema } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { createKeyRing } from '../../foundation/encryption/key-ring.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { createVault, type Vault } from '../vault/envelope-encryption.ts';
import { createAccountReferences } from './account-references.ts';
import type { ConnectionFilter, Connections } from './repository.ts';
import { createConnections } from './repository.ts';

const ring = createKeyRing([{ id: 'k', key: randomBytes(32) }]);
let database: TestDatabase;
let connections: Connections;

beforeAll(async () => {
  database = await createTestDatabase(ring);
  connections = database.repositories.connections;
});

afterAll(() => database.drop());

const use = { purpose: 'test', correlationId: 'corr-1' };

interface Granting {
  readonly account?: string;
  readonly isPersonal?: boolean;
  readonly refreshToken?: string;
  readonly owner?: string | undefined;
  readonly again?: ConnectionId;
  readonly organization?: OrganizationId;
}

/** Creates a new organization for each test. */
const setup = () => {
  const organization = organizationIdSchema.parse(`org_${randomUUID()}`);
  const connect = (
    { account = 'ann', isPersonal, refreshToken = 'refresh-1', ...more }: Granting = {},
    by: Pick<Connections, 'connect'> = connections,
  ) =>
    by.connect({
      organization,
      owner: undefined,
      provider: 'google',
      grant: {
        account: { id: `id-of-${account}`, name: `${account}@example.com`, isPersonal },
        scopes: ['calendar'],
        credential: { kind: 'oauth', refreshToken },
        accessToken: { value: `access of ${refreshToken}`, expiresAt: toInstant(Date.now() + 3_600_000) },
      },
      ...more,
    });
  const connected = async (granting?: Granting): Promise<ConnectionId> => {
    const outcome = await connect(granting);
    if (outcome.kind !== 'connected') throw new Error(`the account was not connected: ${outcome.kind}`);
    return outcome.id;
  };
  const credential = (id: ConnectionId) => connections.openCredential(organization, id, use);
  return { organization, connect, connected, credential };
};

test('connecting an account stores whether it is a personal one, and connecting it again replaces that', async () => {
  const { organization, connected } = setup();
  const isPersonal = async (known?: boolean) => {
    const id = await connected(known === undefined ? {} : { isPersonal: known });
    return (await connections.get(organization, id))?.isPersonal;
  };
  expect(await isPersonal(true)).toBe(true);
  expect(await isPersonal(false)).toBe(false);
  expect(await isPersonal()).toBeUndefined();
});

test('connecting an account stores its secrets encrypted, and returns the rest of the connection', async () => {
  const { organization, connected, credential } = setup();
  const id = await connected({ owner: 'performer.1' });

  expect(await connections.get(organization, id)).toMatchObject({
    id,
    organization,
    provider: 'google',
    owner: 'performer.1',
    account: 'ann@example.com',
    accountId: 'id-of-ann',
    status: 'connected',
    scopes: ['calendar'],
    version: 1,
  });
  expect(await credential(id)).toEqual({ kind: 'oauth', refreshToken: 'refresh-1' });
  expect(await connections.readAccessToken(organization, id, 60_000, use)).toMatchObject({
    token: 'access of refresh-1',
  });
  const { rows } = await database.pool.query('SELECT * FROM connections WHERE id = $1', [id]);
  expect(JSON.stringify(rows)).not.toMatch(/ann@|id-of-ann|refresh-1/);
});

test('connecting an account again keeps its connection, with or without the id', async () => {
  const { connect, connected, credential } = setup();
  const id = await connected();
  expect(await connect({ refreshToken: 'refresh-2' })).toEqual({ kind: 'connected', id, wasKnown: true });
  expect(await connect({ refreshToken: 'refresh-3', again: id })).toMatchObject({ id, wasKnown: true });
  expect(await credential(id)).toMatchObject({ refreshToken: 'refresh-3' });
});

test('connecting an account creates separate connections for two people and two organizations', async () => {
  const { connected } = setup();
  const ids = [
    await connected(),
    await connected({ owner: 'performer.1' }),
    await connected({ owner: 'performer.2' }),
    await connected({ account: 'ben' }),
    await setup().connected(),
  ];
  expect(new Set(ids).size).toBe(5);
});

test('connecting an account simultaneously creates one connection', async () => {
  const { organization, connected, credential } = setup();
  const ids = await Promise.all(
    Array.from({ length: 6 }, (_, at) => connected({ refreshToken: `refresh-${at}` })),
  );
  expect(new Set(ids).size).toBe(1);
  const [id] = ids;
  expect(id && (await credential(id))).toMatchObject({ refreshToken: expect.stringMatching(/^refresh-\d$/) });
  expect(await connections.list(organization)).toHaveLength(1);
});

test('reconnecting a connection with another account is refused', async () => {
  const { connect, connected, credential } = setup();
  const id = await connected();
  expect(await connect({ account: 'ben', refreshToken: 'of ben', again: id })).toEqual({
    kind: 'other_account',
  });
  expect(await credential(id)).toMatchObject({ refreshToken: 'refresh-1' });
});

test('reconnecting a connection of another organization is refused', async () => {
  const { connect } = setup();
  const theirs = await setup().connected();
  expect(await connect({ again: theirs })).toEqual({ kind: 'unknown_connection' });
});

test('reconnecting a seeded connection recognizes its account by name', async () => {
  const { organization, connect, credential } = setup();
  const id: ConnectionId = `conn_${randomUUID()}`;
  await connections.put({
    id,
    organization,
    provider: 'google',
    account: 'ann@example.com',
    refreshToken: 'of the seed',
  });
  expect(await connect({ account: 'ben', again: id })).toEqual({ kind: 'other_account' });
  expect(await connect({ again: id })).toMatchObject({ kind: 'connected', id });
  expect(await credential(id)).toMatchObject({ refreshToken: 'refresh-1' });
});

test('reconnecting a disconnected account restores its connection', async () => {
  const { organization, connected, credential } = setup();
  const id = await connected();
  await connections.disconnect(organization, id);
  expect(await credential(id)).toBeUndefined();
  expect(await connected({ refreshToken: 'granted-anew' })).toBe(id);
  expect(await credential(id)).toMatchObject({ refreshToken: 'granted-anew' });
  expect(await connections.get(organization, id)).toMatchObject({
    status: 'connected',
    statusReason: undefined,
  });
});

test('an account can be reconnected after the loss of the master key, as the runbook describes', async () => {
  const { organization, connected, credential } = setup();
  const id = await connected();
  const runbook = await readFile(new URL('../../docs/runbooks/vault.md', import.meta.url), 'utf8');
  const [, statement = ''] = /```sql\n(UPDATE[^`]*)```/.exec(runbook) ?? [];
  const [, deletion = ''] = /```sql\n(DELETE[^`]*)```/.exec(runbook) ?? [];
  await database.keys.pool.query("UPDATE data_keys SET master_key_id = 'k1' WHERE id = $1", [id]);
  const { rows } = await database.keys.pool.query(deletion);
  expect(rows).toEqual([{ id }]);
  await database.pool.query(statement.replace('conn_…', id));

  expect(await connections.list(organization)).toMatchObject([
    { id, status: 'needs_reauthorization', account: undefined },
  ]);
  expect(await connected({ refreshToken: 'granted-anew' })).toBe(id);
  expect(await credential(id)).toMatchObject({ refreshToken: 'granted-anew' });
});

test('a reconnect seals its secrets again when the account is disconnected meanwhile', async () => {
  const { organization, connect, connected, credential } = setup();
  const id = await connected();
  const { vault } = database.repositories;
  let seals = 0;
  const seal: Vault['seal'] = async (...what) => {
    const sealed = await vault.seal(...what);
    seals += 1;
    if (seals === 2) await connections.disconnect(organization, id);
    return sealed;
  };
  const interrupted = createConnections(database.db, { ...vault, seal }, createAccountReferences(ring));
  expect(await connect({ refreshToken: 'granted-anew' }, interrupted)).toMatchObject({
    kind: 'connected',
    id,
  });
  expect(await connections.get(organization, id)).toMatchObject({
    status: 'connected',
    account: 'ann@example.com',
  });
  expect(await credential(id)).toMatchObject({ refreshToken: 'granted-anew' });
});

test('a reconnect does not use a cached data key that another process has destroyed', async () => {
  const { organization, connected } = setup();
  const id = await connected();
  const elsewhere = createConnections(
    database.db,
    createVault(database.keys.db, ring),
    createAccountReferences(ring),
  );
  await elsewhere.disconnect(organization, id);
  await connected({ refreshToken: 'granted-anew' });
  expect(await elsewhere.openCredential(organization, id, use)).toMatchObject({
    refreshToken: 'granted-anew',
  });
});

test('connections are listed by organization, and filtered by owner, provider and status', async () => {
  const { organization, connected } = setup();
  const officeConnection = await connected();
  const performerConnection = await connected({ account: 'ben', owner: 'performer.1' });
  const idsOf = async (filter?: ConnectionFilter) =>
    (await connections.list(organization, filter)).map(({ id }) => id);
  expect(await idsOf()).toEqual([officeConnection, performerConnection]);
  expect(await idsOf({ owner: 'performer.1' })).toEqual([performerConnection]);
  expect(await idsOf({ owner: null })).toEqual([officeConnection]);
  expect(await idsOf({ provider: 'zoom' })).toEqual([]);
  expect(await idsOf({ statuses: ['disconnected'] })).toEqual([]);
  expect(await idsOf({ statuses: ['connected'], limit: 1 })).toEqual([officeConnection]);
});
