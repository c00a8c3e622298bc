import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const masterKeys = `k1:${randomBytes(32).toString('base64')}`;
const program = fileURLToPath(new URL('../ops.ts', import.meta.url));
const ops = async (organization: string, ...words: readonly string[]) =>
  execa(process.execPath, [program, 'meetings', ...words, '--organization', organization], {
    env: { CASTMATCH_ENV: 'test', DATABASE_URL: database.url, CASTMATCH_MASTER_KEYS: masterKeys },
    extendEnv: false,
    reject: false,
  });

it('ops meetings replaces hosts and templates of an organization, and refuses invalid ones', {
  timeout: 60_000,
}, async () => {
  const { organizations, administrativeActs } = database.repositories;
  await organizations.put({ id: 'org_north', name: 'North', meetingProviders: ['zoom'] });
  const set = (settings: unknown, organization = 'org_north') =>
    ops(organization, 'set', '--settings', JSON.stringify(settings));

  const settings = {
    hosts: { zoom: [{ kind: 'service', user: 'casting@example.com' }] },
    templates: { default: { waitingRoom: true }, callback: { joinBeforeHost: 10 } },
  };
  expect(await set(settings)).toMatchObject({ exitCode: 0, stdout: 'The settings are stored.' });
  expect(JSON.parse((await ops('org_north', 'show')).stdout)).toEqual(settings);
  const { items } = await administrativeActs.list('org_north', { limit: 10 });
  expect(items).toMatchObject([
    {
      act: 'meetings.changed',
      role: 'command_line',
      detail: { hosts: { zoom: 1 }, templates: { default: ['waitingRoom'], callback: ['joinBeforeHost'] } },
    },
  ]);

  const automatic = { templates: { default: { autoStartRecording: true } } };
  expect((await set(automatic)).stderr).toContain('the meeting is not recorded');
  expect((await set({ templates: { default: { waitingroom: true } } })).stderr).toContain('waitingroom');
  expect((await set({}, 'org_south')).stderr).toContain('There is no organization org_south');
  expect(JSON.parse((await ops('org_north', 'show')).stdout)).toEqual(settings);
});
