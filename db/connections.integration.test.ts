import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../tests/harness/database.ts';
import type { Connections } from './repositories.ts';

let database: TestDatabase;
let connections: Connections;

beforeAll(async () => {
  database = await createTestDatabase();
  connections = database.repositories.connections;
});

afterAll(() => database.drop());

const organization = 'org_north';
const google = (id: `conn_${string}`, more: { refreshToken?: string; account?: string } = {}) =>
  ({
    id,
    organization,
    provider: 'google',
    account: 'office',
    refreshToken: 'secret-token',
    ...more,
  }) as const;

test('opens what was put', async () => {
  await connections.put(google('conn_1'));

  expect(await connections.open(organization, 'conn_1')).toEqual(google('conn_1'));
});

test('replaces the credential of a connection that was authorized again', async () => {
  await connections.put(google('conn_again'));
  const renewed = google('conn_again', { refreshToken: 'newer-token', account: 'other' });

  await connections.put(renewed);

  expect(await connections.open(organization, 'conn_again')).toEqual(renewed);
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

  expect(await connections.open('org_south', 'conn_mine')).toBeUndefined();
  expect(await connections.open(organization, 'conn_mine')).toEqual(google('conn_mine'));
});

test.each([
  [
    'another connection',
    `UPDATE connections SET sealed_credential =
    (SELECT sealed_credential FROM connections WHERE id = 'conn_source') WHERE id = 'conn_target'`,
    organization,
  ],
  [
    'the place of an account',
    `UPDATE connections SET account = sealed_credential WHERE id = 'conn_target'`,
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

  await expect(connections.open(by, 'conn_target')).rejects.toMatchObject({ name: 'NotAuthentic' });

  await database.pool.query(`DELETE FROM connections WHERE id = 'conn_target'`);
});

test('tells which of many connections are there', async () => {
  await connections.put(google('conn_here'));

  expect(await connections.exists(organization, ['conn_here', 'conn_gone'])).toEqual(new Set(['conn_here']));
  expect(await connections.exists('org_south', ['conn_here'])).toEqual(new Set());
  expect(await connections.exists(organization, [])).toEqual(new Set());
});
