import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ConnectionId, type OrganizationId, organizationIdSchema } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { createKeyRing } from '../../foundation/encryption/key-ring.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { createVault } from '../vault/envelope-encryption.ts';
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
  readonly refreshToken?: string;
  readonly owner?: string | undefined;
  readonly again?: ConnectionId;
  readonly organization?: OrganizationId;
}

/** An organization of its own for each test. */
const setup = () => {
  const organization = organizationIdSchema.parse(`org_${randomUUID()}`);
  const connect = (
    { account = 'ann', refreshToken = 'refresh-1', ...more }: Granting = {},
    by: Pick<Connections, 'connect'> = connections,
  ) =>
    by.connect({
      organization,
      owner: undefined,
      provider: 'google',
      grant: {
        account: { id: `id-of-${account}`, name: `${account}@example.com` },
        scopes: ['calendar'],
        credential: { kind: 'oauth', refreshToken },
        accessToken: { value: `access of ${refreshToken}`, expiresAt: toInstant(Date.now() + 3_600_000) },
      },
      ...more,
    });
  const connected = async (granting?: Granting): Promise<ConnectionId> => {
    const outcome = await connect(granting);
    if (outcome.kind !== 'connected') throw new Error(`it was not connected: ${outcome.kind}`);
    return outcome.id;
  };
  const credential = (id: ConnectionId) => connections.openCredential(organization, id, use);
  return { organization, connect, connected, credential };
};

test('keeps what a person has granted, sealed, and tells everything else of it', async () => {
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

test('keeps the connection of an account that is connected again, whoever set out to', async () => {
  const { connect, connected, credential } = setup();
  const id = await connected();
  expect(await connect({ refreshToken: 'refresh-2' })).toEqual({ kind: 'connected', id, wasKnown: true });
  expect(await connect({ refreshToken: 'refresh-3', again: id })).toMatchObject({ id, wasKnown: true });
  expect(await credential(id)).toMatchObject({ refreshToken: 'refresh-3' });
});

test('tells the accounts of two people apart, and of two organizations', async () => {
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

test('connects one account once, however many answer for it at the same moment', async () => {
  const { organization, connected, credential } = setup();
  const ids = await Promise.all(
    Array.from({ length: 6 }, (_, at) => connected({ refreshToken: `refresh-${at}` })),
  );
  expect(new Set(ids).size).toBe(1);
  const [id] = ids;
  expect(id && (await credential(id))).toMatchObject({ refreshToken: expect.stringMatching(/^refresh-\d$/) });
  expect(await connections.list(organization)).toHaveLength(1);
});

test('refuses another account in the place of the one that was to be connected again', async () => {
  const { connect, connected, credential } = setup();
  const id = await connected();
  expect(await connect({ account: 'ben', refreshToken: 'of ben', again: id })).toEqual({
    kind: 'other_account',
  });
  expect(await credential(id)).toMatchObject({ refreshToken: 'refresh-1' });
});

test('refuses to connect again what the organization does not have', async () => {
  const { connect } = setup();
  const theirs = await setup().connected();
  expect(await connect({ again: theirs })).toEqual({ kind: 'unknown_connection' });
});

test('knows an account that was put by hand by its name', async () => {
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

test('gives an account that was disconnected its connection back', async () => {
  const { organization, connected, credential } = setup();
  const id = await connected();
  await connections.disconnect(organization, id, 'disconnected_here');
  expect(await credential(id)).toBeUndefined();
  expect(await connected({ refreshToken: 'granted-anew' })).toBe(id);
  expect(await credential(id)).toMatchObject({ refreshToken: 'granted-anew' });
  expect(await connections.get(organization, id)).toMatchObject({
    status: 'connected',
    statusReason: undefined,
  });
});

test('can be connected again after the master key was lost, as the runbook has it', async () => {
  const { organization, connected, credential } = setup();
  const id = await connected();
  const runbook = await readFile(new URL('../../docs/runbooks/vault.md', import.meta.url), 'utf8');
  const [, statements = ''] = /```sql\n(BEGIN;[^`]*)```/.exec(runbook) ?? [];
  await database.pool.query("UPDATE data_keys SET master_key_id = 'k1' WHERE id = $1", [id]);
  await database.pool.query(statements);

  expect(await connections.list(organization)).toMatchObject([
    { id, status: 'needs_reauthorization', account: undefined },
  ]);
  expect(await connected({ refreshToken: 'granted-anew' })).toBe(id);
  expect(await credential(id)).toMatchObject({ refreshToken: 'granted-anew' });
});

test('is sealed anew when the account is disconnected, and its key destroyed, while it is connected again', async () => {
  const { organization, connect, connected, credential } = setup();
  const id = await connected();
  const { vault } = database.repositories;
  let seals = 0;
  const interrupted = createConnections(database.db, {
    ...vault,
    seal: async (...what) => {
      const sealed = await vault.seal(...what);
      seals += 1;
      if (seals === 2) await connections.disconnect(organization, id, 'disconnected_here');
      return sealed;
    },
  });
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

test('is sealed for every process after another has destroyed the key that this one remembers', async () => {
  const { organization, connected } = setup();
  const id = await connected();
  const elsewhere = createConnections(database.db, createVault(database.db, ring));
  await elsewhere.disconnect(organization, id, 'disconnected_here');
  await connected({ refreshToken: 'granted-anew' });
  expect(await elsewhere.openCredential(organization, id, use)).toMatchObject({
    refreshToken: 'granted-anew',
  });
});

test('lists what an organization has connected, or one person of it', async () => {
  const { organization, connected } = setup();
  const offices = await connected();
  const persons = await connected({ account: 'ben', owner: 'performer.1' });
  const idsOf = async (filter?: ConnectionFilter) =>
    (await connections.list(organization, filter)).map(({ id }) => id);
  expect(await idsOf()).toEqual([offices, persons]);
  expect(await idsOf({ owner: 'performer.1' })).toEqual([persons]);
  expect(await idsOf({ owner: null })).toEqual([offices]);
  expect(await idsOf({ provider: 'zoom' })).toEqual([]);
  expect(await idsOf({ statuses: ['disconnected'] })).toEqual([]);
  expect(await idsOf({ statuses: ['connected'], limit: 1 })).toEqual([offices]);
});
