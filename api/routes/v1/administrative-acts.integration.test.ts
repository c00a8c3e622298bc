import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import type { OrganizationId } from '../../../domain/ids.ts';
import { createTestApi, type TestApi } from '../../../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../tests/harness/database.ts';

let database: TestDatabase;
let test: TestApi;
beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestApi(database);
});
afterAll(async () => {
  await test.api.close();
  await database.drop();
});

const note = async (organization: OrganizationId | undefined, target: string) =>
  database.repositories.administrativeActs.record({
    organization,
    by: 'casting office',
    role: 'admin',
    act: 'connection.disconnected',
    target,
    detail: { provider: 'google' },
    correlationId: 'correlation-1',
  });

const pageSchema = z.object({
  items: z.array(z.looseObject({ target: z.string() })),
  nextCursor: z.string().optional(),
});

const list = async (organization: OrganizationId, query = '') => {
  const key = await test.keyFor('admin', organization);
  return test.call('GET', `/v1/administrative-acts${query}`, { key });
};

it('administrative acts are listed page by page, the newest first', async () => {
  for (const target of ['conn_1', 'conn_2', 'conn_3']) await note('org_north', target);

  const first = pageSchema.parse((await list('org_north', '?limit=2')).body);
  const second = pageSchema.parse(
    (await list('org_north', `?limit=2&cursor=${first.nextCursor ?? ''}`)).body,
  );

  expect(first.items[0]).toMatchObject({
    by: 'casting office',
    role: 'admin',
    act: 'connection.disconnected',
    detail: { provider: 'google' },
    correlationId: 'correlation-1',
  });
  expect([...first.items, ...second.items].map(({ target }) => target)).toEqual([
    'conn_3',
    'conn_2',
    'conn_1',
  ]);
  expect(second.nextCursor).toBeUndefined();
});

it('the list contains no acts of other organizations and no acts that concern all organizations', async () => {
  await note('org_south', 'conn_south');
  await note(undefined, 'master-key');

  expect((await list('org_east')).body).toEqual({ items: [] });
  expect(pageSchema.parse((await list('org_south')).body).items.map(({ target }) => target)).toEqual([
    'conn_south',
  ]);
});

it('acts name the key by its id, because two keys can have the same label', async () => {
  const organization = 'org_of_twins';
  await database.repositories.organizations.put({
    id: organization,
    name: organization,
    meetingProviders: [],
  });
  const { apiKeys } = database.repositories;
  const secrets = ['first-secret-of-the-office', 'second-secret-of-the-office'];
  for (const secret of secrets) await apiKeys.put({ secret, role: 'admin', organization, label: 'office' });
  const body = { sms: 10 };
  for (const key of secrets) {
    expect((await test.call('PUT', '/v1/organization/budgets', { key, body })).status).toBe(200);
  }
  const ids = (await apiKeys.list(organization)).map(({ id }) => id);
  const { items } = pageSchema.parse((await list(organization)).body);
  expect(items).toMatchObject([
    { by: 'office', principal: expect.any(String) },
    { by: 'office', principal: expect.any(String) },
  ]);
  expect(new Set(items.map(({ principal }) => principal))).toEqual(
    new Set(ids.filter((id) => items.some(({ principal }) => principal === id))),
  );
  expect(new Set(items.map(({ principal }) => principal)).size).toBe(2);
});

it.each([Buffer.from('{"at":"2026-12-01T09:00:00.000Z","id":"aud_1"}').toString('base64url'), 'x'])(
  'the list rejects the invalid cursor %s',
  async (cursor) => {
    expect(await list('org_north', `?cursor=${cursor}`)).toMatchObject({
      status: 400,
      body: { code: 'invalid_query' },
    });
  },
);

it('the database rejects changes to administrative acts', async () => {
  await note('org_north', 'conn_4');
  for (const change of ["UPDATE administrative_acts SET by = 'x'", 'DELETE FROM administrative_acts']) {
    await expect(database.pool.query(change)).rejects.toThrow(/append-only/);
  }
});
