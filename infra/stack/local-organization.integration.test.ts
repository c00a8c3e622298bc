/** Tests that `npm start` restores the local organization and keeps what was set. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRepositories } from '../../db/index.ts';
import { createKeyWrapping } from '../../foundation/encryption/configured-wrapping.ts';
import { loadConfiguration } from '../../providers/configuration.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { localOrganization, seedLocalOrganization } from './local-organization.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

it('the local organization keeps its conflict rules and its settings of meetings when it is seeded again', async () => {
  const env = { CASTMATCH_ENV: 'local', DATABASE_URL: database.url };
  const wrapping = createKeyWrapping(loadConfiguration(env));
  const { organizations, meetingPreferences } = createRepositories(database.db, wrapping, database.keys.db);
  const seed = () => seedLocalOrganization(env);
  await seed();
  expect(await meetingPreferences.get(localOrganization)).toMatchObject({
    hosts: { microsoft_teams: [{ connection: 'conn_outlook' }] },
  });
  await meetingPreferences.set(localOrganization, { templates: { default: { waitingRoom: true } } });
  await organizations.setConflicts(localOrganization, { policy: 'propose', buffer: 'PT15M' });
  await seed();
  expect(await organizations.get(localOrganization)).toMatchObject({
    meetingProviders: ['zoom', 'google_meet'],
    conflicts: { policy: 'propose', buffer: 'PT15M' },
  });
  expect(await meetingPreferences.get(localOrganization)).toMatchObject({
    templates: { default: { waitingRoom: true } },
  });
});
