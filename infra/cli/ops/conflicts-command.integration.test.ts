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
const ops = async (organization: string, ...words: readonly string[]) =>
  execa(process.execPath, [program, 'conflicts', ...words, '--organization', organization], {
    env: { DATABASE_URL: database.url },
    extendEnv: false,
    reject: false,
  });

it('ops conflicts replaces the settings of an organization, and refuses invalid ones', {
  timeout: 60_000,
}, async () => {
  const { organizations, administrativeActs } = database.repositories;
  await organizations.put({ id: 'org_north', name: 'North', meetingProviders: ['zoom'] });
  const set = (settings: unknown, organization = 'org_north') =>
    ops(organization, 'set', '--settings', JSON.stringify(settings));

  const settings = { policy: 'propose', buffer: 'PT15M' };
  expect(await set(settings)).toMatchObject({ exitCode: 0, stdout: 'The settings are stored.' });
  expect(JSON.parse((await ops('org_north', 'show')).stdout)).toEqual(settings);
  expect(await organizations.get('org_north')).toMatchObject({
    meetingProviders: ['zoom'],
    conflicts: settings,
  });
  const { items } = await administrativeActs.list('org_north', { limit: 10 });
  expect(items).toMatchObject([{ act: 'conflicts.changed', role: 'command_line', detail: settings }]);

  const blackouts = [{ from: '2031-12-24', until: '2031-12-26', zone: 'Europe/Nowhere' }];
  expect((await set({ blackouts })).stderr).toContain('no time zone');
  expect((await set({ buffer: 'P3D' })).stderr).toContain('too long for buffer');
  expect((await set({}, 'org_south')).stderr).toContain('There is no organization org_south');
  expect(await organizations.get('org_north')).toMatchObject({ conflicts: settings });
});
