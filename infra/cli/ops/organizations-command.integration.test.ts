import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const program = fileURLToPath(new URL('../ops.ts', import.meta.url));
const ops = async (...words: readonly string[]) =>
  execa(process.execPath, [program, '--json', 'organizations', ...words], {
    env: { CASTMATCH_ENV: 'test', DATABASE_URL: database.url },
    extendEnv: false,
    reject: false,
  });

it('ops organizations creates, lists and changes organizations, and refuses what cannot be', {
  timeout: 90_000,
}, async () => {
  const north = ['--organization', 'org_north'];
  const providers = ['--meeting-providers', 'zoom,google_meet'];
  expect(await ops('create', ...north, '--name', 'North', ...providers)).toMatchObject({ exitCode: 0 });
  expect((await ops('create', ...north, '--name', 'Other')).stderr).toContain('already is');
  expect((await ops('create', ...north, '--name', 'N', '--meeting-providers', 'zoom,zoom')).stderr).toContain(
    'at most once',
  );

  const calendar = (text: string, organization = 'org_north') =>
    ops('change', '--organization', organization, '--meet-calendar', text);
  expect((await calendar('conn_north:primary')).stderr).toContain('has no connection conn_north');
  for (const organization of ['org_north', 'org_south'] as const) {
    await database.repositories.connections.put({
      id: organization === 'org_north' ? 'conn_north' : 'conn_south',
      organization,
      provider: 'google',
      account: 'casting@example.test',
      refreshToken: 'token',
    });
  }
  expect((await calendar('conn_south:primary')).stderr).toContain('has no connection conn_south');
  expect((await calendar('primary')).stderr).toContain('conn_…:primary');
  expect((await calendar('conn_south:primary', 'org_south')).stderr).toContain('no organization org_south');
  expect(await calendar('conn_north:group:calendar@example.test')).toMatchObject({ exitCode: 0 });
  expect((await ops('change', ...north)).stderr).toContain('at least one setting');
  expect((await ops('change', '--organization', 'org_south', '--legal-hold', 'a dispute')).stderr).toContain(
    'no organization org_south',
  );
  const holds = async () => (await database.pool.query('SELECT subject, reason FROM recording_holds')).rows;
  expect(await ops('change', ...north, '--legal-hold', 'a dispute')).toMatchObject({ exitCode: 0 });
  expect(await holds()).toEqual([{ subject: 'org_north', reason: 'a dispute' }]);
  expect(await ops('change', ...north, '--legal-hold', 'none')).toMatchObject({ exitCode: 0 });
  expect(await holds()).toEqual([]);

  const expected = { id: 'org_north', name: 'North', meetingProviders: ['zoom', 'google_meet'] };
  expect(JSON.parse((await ops('list')).stdout)).toEqual([
    { ...expected, meetCalendar: { connection: 'conn_north', calendarId: 'group:calendar@example.test' } },
  ]);
  expect(await calendar('none')).toMatchObject({ exitCode: 0 });
  const last = await ops('list');
  expect(last.stderr).toBe('');
  expect(JSON.parse(last.stdout)).toEqual([expected]);
  const { items } = await database.repositories.administrativeActs.list('org_north', { limit: 10 });
  expect(items.map(({ act }) => act).toSorted()).toEqual([
    'organization.changed',
    'organization.changed',
    'organization.created',
    'recording.held',
    'recording.released',
  ]);
});

it('ops organizations changes budgets, and shows what is sent of them', { timeout: 60_000 }, async () => {
  const west = ['--organization', 'org_west'];
  expect(await ops('create', ...west, '--name', 'West')).toMatchObject({ exitCode: 0 });
  expect((await ops('change', ...west, '--sms-budget', 'many')).stderr).toContain('whole number');
  expect((await ops('change', ...west, '--sms-countries', 'FR,Belgium')).stderr).toContain('ISO 3166-1');
  expect((await ops('change', '--organization', 'org_no', '--sms-budget', '1')).stderr).toContain(
    'no organization org_no',
  );
  const limits = ['--sms-budget', '100', '--email-budget', '200', '--sms-countries', 'fr,BE'];
  expect(await ops('change', ...west, ...limits)).toMatchObject({ exitCode: 0 });
  await database.repositories.messageBudgets.charge({
    key: 'west:notice',
    organization: 'org_west',
    channel: 'sms',
    units: 3,
    budget: 100,
    mayUseReserve: false,
  });
  expect(JSON.parse((await ops('budgets', ...west)).stdout)).toMatchObject([
    {
      organization: 'org_west',
      sms: { used: 3, budget: 100, reserve: 20 },
      email: { used: 0, budget: 200 },
      smsCountries: ['FR', 'BE'],
    },
  ]);
  expect(await ops('change', ...west, '--sms-budget', 'default')).toMatchObject({ exitCode: 0 });
  expect(JSON.parse((await ops('budgets', ...west)).stdout)).toMatchObject([
    { sms: { budget: 1_000_000 }, email: { budget: 200 } },
  ]);
});
