/** Tests that `npm start` restores the local organization and keeps what was set. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKeyRing } from '../../foundation/encryption/key-ring.ts';
import { loadConfiguration } from '../../providers/configuration.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { localOrganization, seedLocalOrganization } from './local-organization.ts';

let database: TestDatabase;
beforeAll(async () => {
  // The keys of a local stack: the seed seals the settings of meetings with them.
  const { masterKeys } = loadConfiguration({ CASTMATCH_ENV: 'local', DATABASE_URL: 'postgres://unused' });
  database = await createTestDatabase(createKeyRing(masterKeys));
});
afterAll(() => database.drop());

it('the local organization keeps its conflict rules and its settings of meetings when it is seeded again', async () => {
  const { organizations, meetingPreferences } = database.repositories;
  const seed = () => seedLocalOrganization({ CASTMATCH_ENV: 'local', DATABASE_URL: database.url });
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
  expect(await meetingPreferences.get(localOrganization)).toEqual({
    templates: { default: { waitingRoom: true } },
  });
});
