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
      { provider: 'google', status: 'up' },
      { provider: 'zoom', status: 'down', fault: 'outage' },
      { provider: 'twilio', status: 'up' },
      { provider: 'smtp', status: 'up' },
    ],
  });
  expect(text).not.toContain('secret');
  expect((await call('GET', '/health/integrations/zoom')).status).toBe(503);
  expect((await call('GET', '/health/integrations/google')).status).toBe(200);
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
