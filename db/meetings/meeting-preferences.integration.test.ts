import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../tests/harness/database.ts';

test('the hosts and templates of an organization are stored without a readable address', async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const { pool, repositories } = database;
  const { organizations, meetingPreferences } = repositories;
  await organizations.put({ id: 'org_north', name: 'North', meetingProviders: ['zoom'] });
  expect(await meetingPreferences.get('org_north')).toBeUndefined();
  const settings = {
    hosts: { zoom: [{ kind: 'service', user: 'casting@example.com' }] },
    templates: { default: { alternativeHosts: ['second@example.com'] } },
  } as const;
  const written = {
    hosts: { zoom: [...settings.hosts.zoom] },
    templates: { default: { alternativeHosts: ['second@example.com'] } },
  };
  expect(await meetingPreferences.set('org_north', written)).toBe(true);
  expect(await meetingPreferences.get('org_north')).toEqual(settings);
  const { rows } = await pool.query('SELECT * FROM organizations');
  expect(JSON.stringify(rows)).not.toContain('example.com');

  await organizations.put({ id: 'org_north', name: 'North', meetingProviders: ['google_meet'] });
  expect(await meetingPreferences.get('org_north')).toEqual(settings);
  expect(await meetingPreferences.set('org_south', {})).toBe(false);
  expect(await meetingPreferences.get('org_south')).toBeUndefined();
});
