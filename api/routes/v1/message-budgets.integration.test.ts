import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestApi, type TestApi } from '../../../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../tests/harness/database.ts';

let database: TestDatabase;
let test: TestApi;
beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestApi(database);
  await database.repositories.organizations.put({
    id: 'org_north',
    name: 'North',
    meetingProviders: ['zoom'],
  });
});
afterAll(async () => {
  await test.api.close();
  await database.drop();
});

const path = '/v1/organization/budgets';

it('shows a backend what is left of the budgets of today', async () => {
  const { messageBudgets, organizations } = database.repositories;
  await organizations.grantLimits('org_north', { sms: 10, smsCountries: ['FR', 'BE'] });
  await messageBudgets.charge({
    key: 'aud_1:notice',
    organization: 'org_north',
    channel: 'sms',
    units: 8,
    budget: 10,
    mayUseReserve: false,
  });
  const { status, body } = await test.call('GET', path, { key: await test.keyFor('backend', 'org_north') });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    sms: { unit: 'segments', budget: 10, used: 8, left: 2, reserve: 2, isNearlySpent: true },
    email: { unit: 'emails', budget: 1_000, used: 0, left: 1_000, isNearlySpent: false },
    smsCountries: ['FR', 'BE'],
    own: {},
  });
});

it('lets an admin set stricter limits, and no higher ones', async () => {
  const admin = await test.keyFor('admin', 'org_north');
  const own = { sms: 5, email: 100_000, smsCountries: ['BE', 'CH'] };
  const { status, body } = await test.call('PUT', path, { key: admin, body: own });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    sms: { budget: 5, left: 0 },
    email: { budget: 1_000 },
    smsCountries: ['BE'],
    own,
  });
  const { items } = await database.repositories.administrativeActs.list('org_north', { limit: 1 });
  expect(items).toMatchObject([{ act: 'organization.limits_set', detail: own }]);
  expect(await test.call('PUT', path, { key: admin, body: {} })).toMatchObject({
    status: 200,
    body: { sms: { budget: 10 }, own: {} },
  });
});

it('refuses limits of other roles, and countries that do not exist', async () => {
  const backend = await test.keyFor('backend', 'org_north');
  expect(await test.call('PUT', path, { key: backend, body: {} })).toMatchObject({ status: 403 });
  const admin = await test.keyFor('admin', 'org_north');
  expect(await test.call('PUT', path, { key: admin, body: { smsCountries: ['XX'] } })).toMatchObject({
    status: 400,
  });
  const nowhere = await test.keyFor('admin', 'org_nowhere');
  expect(await test.call('PUT', path, { key: nowhere, body: {} })).toMatchObject({ status: 404 });
});
