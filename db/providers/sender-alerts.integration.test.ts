import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { createSenderAlerts, type SenderAlerts } from './sender-alerts.ts';

let database: TestDatabase;
let alerts: SenderAlerts;
beforeAll(async () => {
  database = await createTestDatabase();
  alerts = createSenderAlerts(database.db);
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query('TRUNCATE sender_alerts');
});

const alertOf = (holder: string) => ({ organization: 'org_1', sender: 'smtp', holder }) as const;

it('gives the alert to one of many messages that claim it simultaneously', async () => {
  const holders = Array.from({ length: 20 }, (_, index) => `message-${index}`);
  const claimed = await Promise.all(holders.map((holder) => alerts.claim(alertOf(holder), 60_000)));
  expect(claimed.filter(Boolean)).toHaveLength(1);
});

it('leaves the alert to its holder until the claim ends', async () => {
  expect(await alerts.claim(alertOf('first'), 1)).toBe(true);
  await pause(20);
  expect(await alerts.claim(alertOf('second'), 60_000)).toBe(true);
  expect(await alerts.claim(alertOf('first'), 60_000)).toBe(false);
  expect(await alerts.claim(alertOf('second'), 60_000)).toBe(true);
});

it('ends the alert of its holder alone', async () => {
  await alerts.claim(alertOf('first'), 60_000);
  await alerts.release(alertOf('second'));
  expect(await alerts.claim(alertOf('second'), 60_000)).toBe(false);
  await alerts.release(alertOf('first'));
  expect(await alerts.claim(alertOf('second'), 60_000)).toBe(true);
});
