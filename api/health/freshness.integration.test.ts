/**
 * Tests that the health page shows what waits for a person within 15 seconds of a change in the database, and what to do about it: a
 * listening API, with real time and real caches.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { disabledByAdministrator } from '../../db/endpoints/repository.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { createTestApi } from '../../tests/harness/api.ts';
import {
  attentionItem,
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';

const limitMs = 15_000;

let database: TestDatabase;
let address: string;
beforeAll(async () => {
  database = await createTestDatabase();
  const { api } = await createTestApi(database, { now: () => toInstant(Date.now()) });
  address = await api.listen({ port: 0, host: '127.0.0.1' });
  return () => api.close();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query(`
    TRUNCATE provider_health, connections, synced_calendars, unreadable_events, sender_alerts, pending_revocations, webhook_inbox,
      webhook_endpoints, message_budget_days, attention_items`);
});

const adviceSchema = z.object({ summary: z.string(), whatToDo: z.string() });
const pageSchema = z.object({
  integrations: z.array(adviceSchema.extend({ provider: z.string() })),
  service: adviceSchema,
});

const adviceAbout = async (subject: string): Promise<z.infer<typeof adviceSchema>> => {
  const answer = await fetch(`${address}/health/integrations`);
  const { integrations, service } = pageSchema.parse(await answer.json());
  const about = subject === 'service' ? service : integrations.find(({ provider }) => provider === subject);
  if (!about) throw new Error('the page has no such provider');
  return { summary: about.summary, whatToDo: about.whatToDo };
};

/** The page of the test before is cached. */
const untilNothingWaits = (subject: string) =>
  expect
    .poll(() => adviceAbout(subject), { timeout: limitMs, interval: 250 })
    .toMatchObject({ whatToDo: 'Nothing.' });

const connection = (provider: string, status = 'connected') =>
  `INSERT INTO connections (id, organization, provider, status, account) VALUES ('c1', 'o', '${provider}', '${status}', 'x')`;
const syncedCalendar = (columns: Readonly<Record<string, string>>) =>
  `INSERT INTO synced_calendars (connection, calendar, organization, provider, sealed_id, ${Object.keys(columns).join(', ')})
   VALUES ('c1', 'k', 'o', 'google', 's', ${Object.values(columns).join(', ')})`;
const endpoint = (columns: Readonly<Record<string, string>>) =>
  `INSERT INTO webhook_endpoints (id, organization, url, sealed_secret, ${Object.keys(columns).join(', ')})
   VALUES ('e1', 'o', 'https://p.test', 's', ${Object.values(columns).join(', ')})`;

describe('the health page is right within 15 seconds', () => {
  it.each<[string, string, readonly string[], RegExp, RegExp]>([
    [
      'of a calendar that cannot be read',
      'google',
      [connection('google'), syncedCalendar({ error: "'not_found'", error_since: 'now()' })],
      /1 account has a calendar that does not exist any more/,
      /GET \/v1\/connections/,
    ],
    [
      'of a refused subscription',
      'google',
      [connection('google'), syncedCalendar({ push_error: "'rejected_input'" })],
      /1 calendar gets no notifications/,
      /pushError/,
    ],
    [
      'of a grant to be revoked',
      'zoom',
      [
        `INSERT INTO pending_revocations (id, organization, provider, connection, sealed_refresh_token, correlation_id, next_attempt_at, created_at)
         VALUES ('r1', 'o', 'zoom', 'c1', 's', 'c', now(), now() - interval '2 days')`,
      ],
      /1 grant of a disconnected account is not revoked yet, the oldest for 2 days/,
      /remove the app at Zoom/,
    ],
    [
      'of a refused sender',
      'smtp',
      [`INSERT INTO sender_alerts VALUES ('o', 'smtp', 'h', now() + interval '1 hour')`],
      /does not accept the messages of 1 organization/,
      /messages\.md/,
    ],
    [
      'of an account to be reconnected',
      'microsoft',
      [connection('microsoft', 'needs_reauthorization')],
      /1 account has to be reconnected/,
      /GET \/v1\/connections/,
    ],
    [
      'of a disabled endpoint',
      'service',
      [endpoint({ status: "'disabled'", disabled_reason: "'410'" })],
      /1 webhook endpoint was disabled because deliveries failed/,
      /endpoints\.md/,
    ],
    [
      'of an endpoint that fails for long',
      'service',
      [endpoint({ failing_since: "now() - interval '2 hours'" })],
      /1 webhook endpoint fails, the longest for 2 hours/,
      /before the endpoint is disabled/,
    ],
    [
      'of a spent budget',
      'service',
      [
        `INSERT INTO message_budget_days (organization, channel, day, budget, used) VALUES ('o', 'sms', (now() AT TIME ZONE 'UTC')::date, 5, 5)`,
      ],
      /1 budget of messages is spent/,
      /messages\.md/,
    ],
  ])('%s', async (_change, subject, statements, summary, whatToDo) => {
    await untilNothingWaits(subject);
    for (const statement of statements) await database.pool.query(statement);
    await expect
      .poll(() => adviceAbout(subject), { timeout: limitMs, interval: 250 })
      .toEqual({ summary: expect.stringMatching(summary), whatToDo: expect.stringMatching(whatToDo) });
  });

  it('of an attention item', async () => {
    const id = newAuditionId();
    const item = attentionItem(`att_${id}-1`, { step: 'meeting', provider: 'apple' });
    await untilNothingWaits('apple');
    await storeEvents(
      database.repositories.events,
      id,
      trail([...factsUntilScheduled(id, 'org_north'), { type: 'attention_raised', item }]),
    );
    for (const subject of ['apple', 'service'])
      await expect
        .poll(() => adviceAbout(subject), { timeout: limitMs, interval: 250 })
        .toMatchObject({ whatToDo: expect.stringContaining('npm run ops -- attention list') });
  });
});

it('the health page has no advice about an endpoint that a person has disabled', async () => {
  await database.pool.query(
    endpoint({ status: "'disabled'", disabled_reason: `'${disabledByAdministrator}'` }),
  );
  await expect
    .poll(() => adviceAbout('service'), { timeout: limitMs, interval: 250 })
    .toEqual({ summary: 'Nothing waits for a person.', whatToDo: 'Nothing.' });
});
