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

test('a connection is returned as it was stored', async () => {
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

test('a connection that is stored again has the new credential', async () => {
  await connections.put(google('conn_again'));

  await connections.put(google('conn_again', { refreshToken: 'newer-token', account: 'other' }));

  expect(await open('conn_again')).toMatchObject({
    account: 'other',
    credential: { refreshToken: 'newer-token' },
    version: 2,
  });
});

test('a connection stores neither its credential nor its account in plain text', async () => {
  await connections.put(
    google('conn_sealed', { refreshToken: 'plain-to-see', account: 'ada@performers.example' }),
  );

  const { rows } = await database.pool.query('SELECT * FROM connections');

  expect(JSON.stringify(rows)).toContain('conn_sealed');
  expect(JSON.stringify(rows)).not.toContain('plain-to-see');
  expect(JSON.stringify(rows)).not.toContain('performers.example');
});

test('a connection is not visible to another organization, which cannot use its id either', async () => {
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
    'another connection together with its data key',
    `WITH carried AS (UPDATE connections SET sealed_credential =
      (SELECT sealed_credential FROM connections WHERE id = 'conn_source') WHERE id = 'conn_target')
    UPDATE data_keys SET wrapped = (SELECT wrapped FROM data_keys WHERE id = 'conn_source') WHERE id = 'conn_target'`,
    organization,
  ],
  [
    'another column of the row',
    `UPDATE connections SET sealed_credential = account WHERE id = 'conn_target'`,
    organization,
  ],
  [
    'another organization',
    `UPDATE connections SET organization = 'org_thief' WHERE id = 'conn_target'`,
    'org_thief',
  ],
] as const)('a connection does not open a credential that was copied to %s', async (_where, theft, by) => {
  await connections.put(google('conn_source'));
  await connections.put(google('conn_target'));
  await database.pool.query(theft);

  await expect(connections.openCredential(by, 'conn_target', use)).rejects.toMatchObject({
    name: 'NotAuthentic',
  });

  await database.pool.query(`DELETE FROM connections WHERE id = 'conn_target'`);
  await database.repositories.vault.destroy('conn_target');
});

test('connections that are not disconnected are found among several ids, with their choice', async () => {
  await connections.put(google('conn_here'));
  await connections.put(google('conn_left'));
  await connections.disconnect(organization, 'conn_left');

  const ids = ['conn_here', 'conn_left', 'conn_gone'] as const;
  expect(await connections.findChoices(organization, ids)).toEqual(new Map([['conn_here', undefined]]));
  expect(await connections.findChoices('org_south', ['conn_here'])).toEqual(new Map());
  expect(await connections.findChoices(organization, [])).toEqual(new Map());
});

const choice = {
  written: { calendarId: 'work@example.com', name: 'Work' },
  busy: [{ calendarId: 'family@example.com', name: 'Family' }],
};
const storedChoice = async (id: string) =>
  (await database.pool.query(`SELECT calendar_choice FROM connections WHERE id = $1`, [id])).rows[0]
    ?.calendar_choice;

test('a choice of calendars is stored sealed, and survives a new authorization of the account', async () => {
  await connections.put(google('conn_choice'));
  expect(await connections.putChoice(organization, 'conn_choice', choice)).toBe(true);
  expect(await storedChoice('conn_choice')).not.toMatch(/work|family/i);
  await connections.markNeedsReauthorization('conn_choice', 'grant_refused', 1);
  await connections.put(google('conn_choice'));
  expect(await connections.getChoice(organization, 'conn_choice')).toEqual(choice);
});

test('a choice of calendars is erased when the account is disconnected, and then not stored', async () => {
  await connections.put(google('conn_erased'));
  await connections.putChoice(organization, 'conn_erased', choice);
  await connections.disconnect(organization, 'conn_erased');
  expect(await storedChoice('conn_erased')).toBeNull();
  expect(await connections.putChoice(organization, 'conn_erased', choice)).toBe(false);
  expect(await connections.putChoice('org_south', 'conn_choice', choice)).toBe(false);
  const keys = await database.keys.pool.query(`SELECT id FROM data_keys WHERE id = 'conn_erased'`);
  expect(keys.rows).toEqual([]);
});
