import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import type { Connections } from './repository.ts';

let database: TestDatabase;
let connections: Connections;

beforeAll(async () => {
  database = await createTestDatabase();
  connections = database.repositories.connections;
});

afterAll(() => database.drop());

const organization = 'org_north';
const use = { purpose: 'test', correlationId: 'corr-1' };

const google = (id: `conn_${string}`, more: { refreshToken?: string; account?: string } = {}) =>
  ({
    id,
    organization,
    provider: 'google',
    account: 'office',
    refreshToken: 'secret-token',
    ...more,
  }) as const;

const open = async (id: `conn_${string}`, of: `org_${string}` = organization) => {
  const connection = await connections.get(of, id);
  return connection && { ...connection, credential: await connections.openCredential(of, id, use) };
};

test('opens what was put', async () => {
  await connections.put(google('conn_1'));

  expect(await open('conn_1')).toMatchObject({
    id: 'conn_1',
    organization,
    provider: 'google',
    account: 'office',
    status: 'connected',
    credential: { kind: 'oauth', refreshToken: 'secret-token' },
  });
});

test('replaces the credential of a connection that was authorized again', async () => {
  await connections.put(google('conn_again'));

  await connections.put(google('conn_again', { refreshToken: 'newer-token', account: 'other' }));

  expect(await open('conn_again')).toMatchObject({
    account: 'other',
    credential: { refreshToken: 'newer-token' },
    version: 2,
  });
});

test('lets neither the credential nor the account reach a row', async () => {
  await connections.put(
    google('conn_sealed', { refreshToken: 'plain-to-see', account: 'ada@performers.example' }),
  );

  const { rows } = await database.pool.query('SELECT * FROM connections');

  expect(JSON.stringify(rows)).toContain('conn_sealed');
  expect(JSON.stringify(rows)).not.toContain('plain-to-see');
  expect(JSON.stringify(rows)).not.toContain('performers.example');
});

test('is not there for another organization, which cannot take its id either', async () => {
  await connections.put(google('conn_mine'));
  const theirs = { ...google('conn_mine', { refreshToken: 'theirs' }), organization: 'org_south' } as const;

  await expect(connections.put(theirs)).rejects.toMatchObject({
    name: 'Refusal',
    code: 'unknown_connection',
  });

  expect(await open('conn_mine', 'org_south')).toBeUndefined();
  expect(await connections.openCredential('org_south', 'conn_mine', use)).toBeUndefined();
  expect(await open('conn_mine')).toMatchObject({ credential: { refreshToken: 'secret-token' } });
});

test.each([
  [
    'another connection',
    `UPDATE connections SET sealed_credential =
    (SELECT sealed_credential FROM connections WHERE id = 'conn_source') WHERE id = 'conn_target'`,
    organization,
  ],
  [
    'another connection, its data key with it',
    `WITH carried AS (UPDATE connections SET sealed_credential =
      (SELECT sealed_credential FROM connections WHERE id = 'conn_source') WHERE id = 'conn_target')
    UPDATE data_keys SET wrapped = (SELECT wrapped FROM data_keys WHERE id = 'conn_source') WHERE id = 'conn_target'`,
    organization,
  ],
  [
    'another place of the row',
    `UPDATE connections SET sealed_credential = account WHERE id = 'conn_target'`,
    organization,
  ],
  [
    'another organization',
    `UPDATE connections SET organization = 'org_thief' WHERE id = 'conn_target'`,
    'org_thief',
  ],
] as const)('does not open a credential that was carried over to %s', async (_where, theft, by) => {
  await connections.put(google('conn_source'));
  await connections.put(google('conn_target'));
  await database.pool.query(theft);

  await expect(connections.openCredential(by, 'conn_target', use)).rejects.toMatchObject({
    name: 'NotAuthentic',
  });

  await database.pool.query(`DELETE FROM connections WHERE id = 'conn_target'`);
  await database.repositories.vault.destroy('conn_target');
});

test('tells which of many connections are there', async () => {
  await connections.put(google('conn_here'));
  await connections.put(google('conn_left'));
  await connections.disconnect(organization, 'conn_left', 'disconnected_here');

  const asked = ['conn_here', 'conn_left', 'conn_gone'] as const;
  expect(await connections.findExisting(organization, asked)).toEqual(new Set(['conn_here']));
  expect(await connections.findExisting('org_south', ['conn_here'])).toEqual(new Set());
  expect(await connections.findExisting(organization, [])).toEqual(new Set());
});
