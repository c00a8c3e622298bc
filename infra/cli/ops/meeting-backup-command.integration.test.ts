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
  execa(process.execPath, [program, 'meeting-backup', ...words, '--organization', organization], {
    env: { DATABASE_URL: database.url },
    extendEnv: false,
    reject: false,
  });

it('ops meeting-backup stores, shows and removes the plan of an organization, and refuses invalid ones', {
  timeout: 60_000,
}, async () => {
  const { organizations, administrativeActs } = database.repositories;
  await organizations.put({ id: 'org_north', name: 'North', meetingProviders: ['zoom'] });
  const plan = { phone: '+33 1 23 45 67 89, code 4711', place: 'Studio 2' };
  const set = (settings: unknown, organization = 'org_north') =>
    ops(organization, 'set', '--plan', JSON.stringify(settings));

  expect(await set(plan)).toMatchObject({ exitCode: 0, stdout: 'The plan is stored.' });
  expect(JSON.parse((await ops('org_north', 'show')).stdout)).toEqual(plan);
  expect(await organizations.get('org_north')).toMatchObject({
    meetingProviders: ['zoom'],
    meetingBackup: plan,
  });
  expect((await set({})).stderr).toContain('write a phone number, a place or a text');
  expect((await set(plan, 'org_south')).stderr).toContain('There is no organization org_south');
  expect(await ops('org_north', 'remove')).toMatchObject({ exitCode: 0, stdout: 'The plan is removed.' });
  expect((await organizations.get('org_north'))?.meetingBackup).toBeUndefined();
  const { items } = await administrativeActs.list('org_north', { limit: 10 });
  expect(items.map(({ act }) => act)).toEqual(['meeting_backup.removed', 'meeting_backup.changed']);
});
