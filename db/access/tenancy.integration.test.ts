/** Tests organizations, their API keys and their notice deliveries. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import type { Repositories } from '../index.ts';

let database: TestDatabase;
let repositories: Repositories;

beforeAll(async () => {
  database = await createTestDatabase();
  repositories = database.repositories;
});

afterAll(() => database.drop());

test('an organization is returned as it was stored, and replaced as a whole', async () => {
  const { organizations } = repositories;
  const meetCalendar = { connection: 'conn_1', calendarId: 'primary' } as const;
  const north = {
    id: 'org_north',
    name: 'North',
    meetingProviders: ['zoom', 'google_meet'],
    meetCalendar,
  } as const;
  await organizations.put(north);
  expect(await organizations.get('org_north')).toEqual(north);

  await organizations.put({ id: 'org_north', name: 'North Casting', meetingProviders: [] });

  expect(await organizations.get('org_north')).toEqual({
    id: 'org_north',
    name: 'North Casting',
    meetingProviders: [],
  });
  expect(await organizations.get('org_unknown')).toBeUndefined();
});

test('an API key returns its organization, role and label', async () => {
  const { apiKeys } = repositories;
  const holder = { organization: 'org_north', role: 'operator', label: 'operations' } as const;
  await apiKeys.put({ secret: 'cm_secret', ...holder });

  expect(await apiKeys.find('cm_secret')).toMatchObject(holder);
  expect(await apiKeys.find('cm_other')).toBeUndefined();
});

test('an API key that is stored again has only its new role', async () => {
  const { apiKeys } = repositories;
  await apiKeys.put({ secret: 'cm_twice', organization: 'org_north', role: 'admin', label: 'a' });
  await apiKeys.put({ secret: 'cm_twice', organization: 'org_north', role: 'backend', label: 'b' });

  expect(await apiKeys.find('cm_twice')).toMatchObject({ role: 'backend', label: 'b' });
});

test('a created API key is long and random, and its secret is not listed', async () => {
  const holder = { organization: 'org_made', role: 'backend', label: 'platform' } as const;
  const { id, secret } = await repositories.apiKeys.create(holder);
  await repositories.apiKeys.create(holder);

  expect(secret).toMatch(/^cm_[\w-]{43}$/);
  expect(await repositories.apiKeys.find(secret)).toEqual({ id, ...holder });
  const listed = await repositories.apiKeys.list('org_made');
  expect(listed).toHaveLength(2);
  expect(JSON.stringify(listed)).not.toContain(secret);
  expect(await repositories.apiKeys.list('org_other')).toEqual([]);
});

test('an API key shows when it was last used', async () => {
  const { apiKeys } = repositories;
  const { id, secret } = await apiKeys.create({ organization: 'org_used', role: 'backend', label: 'x' });
  const lastUse = async () => (await apiKeys.list('org_used')).find((key) => key.id === id)?.lastUsedAt;
  expect(await lastUse()).toBeUndefined();
  await apiKeys.find(secret);
  const first = await lastUse();
  expect(first).toBeDefined();

  await apiKeys.find(secret);
  expect(await lastUse()).toBe(first);
});

test('a revoked API key is refused permanently, and still listed', async () => {
  const { apiKeys } = repositories;
  const holder = { organization: 'org_revoked', role: 'admin', label: 'lost' } as const;
  const { id, secret } = await apiKeys.create(holder);
  const other = await apiKeys.create(holder);

  expect(await apiKeys.revoke(id)).toEqual({ id, ...holder });
  expect(await apiKeys.find(secret)).toEqual({ revoked: { id, ...holder } });
  await apiKeys.put({ secret, ...holder });
  expect(await apiKeys.find(secret)).toEqual({ revoked: { id, ...holder } });
  expect(await apiKeys.find(other.secret)).toBeDefined();
  const [listed] = (await apiKeys.list('org_revoked')).filter((key) => key.id === id);
  expect(listed?.revokedAt).toBeDefined();

  expect(await apiKeys.revoke('key_0123456789abcdef')).toBeUndefined();
  expect(await apiKeys.revoke('%')).toBeUndefined();
});

test('an API key is not stored in plain text', async () => {
  await repositories.apiKeys.put({
    secret: 'cm_hidden',
    organization: 'org_north',
    role: 'admin',
    label: 'x',
  });

  const { rows } = await database.pool.query('SELECT * FROM api_keys');

  expect(rows.length).toBeGreaterThan(0);
  expect(JSON.stringify(rows)).not.toContain('cm_hidden');
});

test('a notice delivery is found by its id, and stays unchanged when it is stored again', async () => {
  const { noticeDeliveries } = repositories;
  const delivery = {
    organization: 'org_north',
    auditionId: 'aud_1',
    participant: 'performer-1',
    channel: 'sms',
  } as const;
  await noticeDeliveries.put({ id: 'SM1', ...delivery });
  await noticeDeliveries.put({ id: 'SM1', ...delivery, auditionId: 'aud_2' });

  expect(await noticeDeliveries.find('SM1')).toEqual({ ...delivery, status: 'queued' });
  expect(await noticeDeliveries.find('SM2')).toBeUndefined();
});
