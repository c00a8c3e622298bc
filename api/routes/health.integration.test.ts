/** Health, readiness and figures. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ProviderError } from '../../domain/errors.ts';
import { createTestApi } from '../../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const answers = async () => {};
const fails = () => Promise.reject(new Error('away'));

const zoomIsAway = async () => {
  const fault = { kind: 'outage', effect: 'none' } as const;
  throw new ProviderError('zoom', 'health', fault, { message: 'secret' });
};

it('is alive whatever is away', async () => {
  const { call } = await createTestApi(database, { checks: { database: fails, temporal: fails } });
  expect(await call('GET', '/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
});

it.each([
  [answers, answers, 200, { status: 'ready', database: 'up', temporal: 'up' }],
  [fails, answers, 503, { status: 'not_ready', database: 'down', temporal: 'up' }],
  [answers, fails, 503, { status: 'not_ready', database: 'up', temporal: 'down' }],
])('is ready only when database and Temporal answer', async (databaseCheck, temporal, status, body) => {
  const { call } = await createTestApi(database, { checks: { database: databaseCheck, temporal } });
  expect(await call('GET', '/readyz')).toMatchObject({ status, body });
});

it('is not ready when it is about to end, and answers everything else', async () => {
  const { call, keyFor } = await createTestApi(database, { isDraining: () => true });
  expect(await call('GET', '/readyz')).toMatchObject({
    status: 503,
    body: { status: 'draining', database: 'up', temporal: 'up' },
  });
  expect((await call('GET', '/v1/auditions', { key: await keyFor('backend') })).status).toBe(200);
});

it('says which provider is down and why, without what the vendor said', async () => {
  const { call } = await createTestApi(database, {
    integrations: { google: answers, zoom: zoomIsAway, twilio: answers, smtp: answers },
  });
  const { body, text } = await call('GET', '/health/integrations');
  expect(body).toMatchObject({
    integrations: [
      { provider: 'google', status: 'up', summary: expect.stringContaining('Google answers and knows us.') },
      {
        provider: 'zoom',
        status: 'down',
        fault: 'outage',
        summary: expect.stringContaining('Zoom does not answer as it should (outage).'),
        whatToDo: expect.stringContaining('https://www.zoomstatus.com/'),
      },
      { provider: 'twilio', status: 'up' },
      { provider: 'smtp', status: 'up' },
      { provider: 'microsoft', status: 'up' },
      { provider: 'apple', status: 'up', whatToDo: 'Nothing.' },
    ],
  });
  expect(text).not.toContain('secret');
  expect((await call('GET', '/health/integrations/zoom')).status).toBe(503);
  expect((await call('GET', '/health/integrations/google')).status).toBe(200);
});

it('tells what the workers have seen, and nothing of whose accounts they are', async () => {
  const { providerHealth, quotas } = database.repositories;
  const at = Date.parse('2026-11-24T09:00:00.000Z');
  await providerHealth.record({
    provider: 'zoom',
    process: 'worker@host:1',
    circuit: 'open',
    opensAgainAt: '2026-11-24T09:00:20.000Z',
    lastSuccessAt: '2026-11-24T08:58:00.000Z',
    lastFailureAt: '2026-11-24T08:59:57.000Z',
    lastFailure: 'outage (503)',
  });
  const day = 86_400_000;
  const startMs = Math.floor(at / day) * day;
  await quotas.reserve({
    provider: 'zoom',
    quota: 'zoom.meeting_writes_per_day',
    account: 'casting@office.example',
    organization: 'org_1',
    window: { startMs, endMs: startMs + day },
    count: 81,
    limit: 100,
    organizationLimit: 100,
    previousWindowWeight: 0,
  });
  const { call } = await createTestApi(database, {
    quotas: [
      {
        provider: 'zoom',
        name: 'zoom.meeting_writes_per_day',
        limit: 100,
        description: '100 meetings made or moved a day',
      },
    ],
  });
  const { status, body, text } = await call('GET', '/health/integrations/zoom');
  expect(status).toBe(503);
  expect(body).toMatchObject({
    status: 'down',
    summary:
      'Zoom answers and knows us. Calls are held back because it has failed several times in a row, until 2026-11-24 09:00:20 UTC at the earliest; then one call tries whether it is back. A call last succeeded 2 minutes ago. The last one failed 3 seconds ago: outage (503). Of 100 meetings made or moved a day, 81 are used.',
    whatToDo: expect.stringMatching(/^Look at https:\/\/www\.zoomstatus\.com\/\. Work waits/),
    facts: {
      circuit: 'open',
      quotas: [{ quota: 'zoom.meeting_writes_per_day', limit: 100, used: 81 }],
    },
  });
  expect(text).not.toMatch(/office\.example|org_1|host:1/);
});

const isAway = () => Promise.reject(new Error('away'));

it('says that it could not ask the database, and answers all the same', async () => {
  const repositories = {
    ...database.repositories,
    providerHealth: { ...database.repositories.providerHealth, facts: isAway },
  };
  const { call } = await createTestApi(database, { repositories });
  const { status, body } = await call('GET', '/health/integrations/twilio');
  expect(status).toBe(200);
  expect(body).toMatchObject({ status: 'up', summary: expect.stringContaining('could not be read') });
  expect(body).not.toHaveProperty('facts');
});

it('asks a provider once, however many ask', async () => {
  let asked = 0;
  const google = async () => {
    asked += 1;
  };
  const { call } = await createTestApi(database, {
    integrations: { google, zoom: answers, twilio: answers, smtp: answers },
  });
  await Promise.all(Array.from({ length: 5 }, () => call('GET', '/health/integrations/google')));
  expect(asked).toBe(1);
});

it('counts requests by route, and never by address', async () => {
  const { call, keyFor } = await createTestApi(database);
  await call('GET', '/v1/auditions/aud_of_somebody', { key: await keyFor('backend') });
  const { text, headers } = await call('GET', '/metrics');
  expect(headers['content-type']).toMatch(/^text\/plain/);
  expect(text).toMatch(
    /castmatch_http_request_duration_seconds_count\{method="GET",route="\/v1\/auditions\/:id",status="404"\} 1/,
  );
  expect(text).not.toContain('aud_of_somebody');
});
