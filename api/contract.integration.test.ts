/** Compares responses of the API with the OpenAPI document. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Refusal } from '../domain/errors.ts';
import { auditionRequest, createTestApi, type TestApi } from '../tests/harness/api.ts';
import {
  attentionItem,
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../tests/harness/database.ts';
import { createContractCheck } from '../tests/harness/openapi-contract.ts';

let database: TestDatabase;
let test: TestApi;
let violations: ReturnType<typeof createContractCheck>;
const id = newAuditionId();
const closedId = newAuditionId();
const item = attentionItem(`att_${id}_1`);
const events = trail([...factsUntilScheduled(id, 'org_north'), { type: 'attention_raised', item }]);
beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestApi(database);
  violations = createContractCheck((await test.call('GET', '/openapi.json')).body);
  await storeEvents(database.repositories.events, id, events);
  const closed = [
    ...factsUntilScheduled(closedId, 'org_north'),
    { type: 'cancelled', origin: 'api' } as const,
  ];
  await storeEvents(database.repositories.events, closedId, trail(closed));
});
afterAll(async () => {
  await test.api.close();
  await database.drop();
});

const window = { earliest: '2026-12-01T09:00', latest: '2026-12-01T18:00', durationMinutes: 30, zone: 'UTC' };
const unknownAudition = newAuditionId();
const [, director] = auditionRequest().participants;

it.each([
  ['GET', '/healthz', undefined, 200],
  ['GET', '/readyz', undefined, 200],
  ['GET', '/metrics', undefined, 200],
  ['GET', '/health/integrations', undefined, 200],
  ['GET', '/health/integrations/zoom', undefined, 200],
  ['GET', '/health/integrations/unknown', undefined, 400],
  ['POST', '/v1/auditions', auditionRequest(), 201],
  ['POST', '/v1/auditions', auditionRequest({ project: undefined }), 400],
  ['POST', '/v1/auditions', auditionRequest({ participants: [] }), 400],
  ['POST', '/v1/auditions', auditionRequest({ meeting: undefined }), 422],
  ['POST', '/v1/auditions', '"'.padEnd(300_000, 'x'), 413],
  ['GET', '/v1/auditions', undefined, 200],
  ['GET', '/v1/auditions?limit=0', undefined, 400],
  ['GET', '/v1/auditions?limit=0x10', undefined, 400],
  ['GET', '/v1/auditions?limit=1e1', undefined, 400],
  ['GET', '/v1/attention?limit=%205', undefined, 400],
  ['GET', '/v1/attention?limit=5&limit=6', undefined, 400],
  ['GET', '/v1/attention?limit=5', undefined, 200],
  ['GET', `/v1/auditions/${id}/events?cursor=`, undefined, 400],
  ['GET', `/v1/auditions/${id}/events?cursor=1`, undefined, 200],
  ['DELETE', `/v1/auditions/${id}/join-links/23456789ABCDEFGHJ`, undefined, 404],
  ['DELETE', `/v1/auditions/${id}/join-links/none-at-all`, undefined, 400],
  ['GET', `/v1/auditions/${id}`, undefined, 200],
  ['GET', `/v1/auditions/${unknownAudition}`, undefined, 404],
  ['GET', `/v1/auditions/${id}/events`, undefined, 200],
  ['POST', `/v1/auditions/${id}/cancel`, {}, 202],
  ['POST', `/v1/auditions/${id}/respond`, { participant: 'performer-1' }, 400],
  ['POST', `/v1/auditions/${unknownAudition}/decide`, { decision: 'booked' }, 404],
  ['POST', `/v1/auditions/${id}/reschedule`, { slot: window }, 202],
  ['POST', `/v1/auditions/${id}/reopen`, { to: 'session' }, 409],
  ['POST', `/v1/auditions/${closedId}/reopen`, { to: 'session' }, 202],
  ['POST', `/v1/auditions/${closedId}/reopen`, { to: 'decision' }, 409],
  ['POST', `/v1/auditions/${closedId}/reopen`, { to: 'elsewhere' }, 400],
  ['POST', `/v1/auditions/${id}/participants`, director, 202],
  ['POST', `/v1/auditions/${id}/participants`, { ...director, kind: 'performer' }, 422],
  ['PUT', `/v1/auditions/${id}/participants/director-1`, director, 202],
  ['DELETE', `/v1/auditions/${id}/participants/director-1`, undefined, 202],
  ['DELETE', `/v1/auditions/${unknownAudition}/participants/director-1`, undefined, 404],
  ['POST', '/v1/availability', { slot: window, participants: [{ id: 'p', zone: 'UTC' }] }, 200],
  [
    'POST',
    '/v1/availability',
    { slot: { ...window, zone: 'Mars/Base' }, participants: [{ id: 'p', zone: 'UTC' }] },
    422,
  ],
  ['GET', '/v1/attention', undefined, 200],
  ['POST', `/v1/attention/${item.id}/resolve`, { action: 'retry' }, 202],
  ['POST', `/v1/attention/${item.id}/resolve`, { action: 'no_show' }, 202],
  ['POST', `/v1/attention/${item.id}/resolve`, '"'.padEnd(300_000, 'x'), 413],
  ['POST', '/codec/decode', { payloads: [] }, 200],
] as const)('%s %s with %j: %i, as promised', async (method, url, body, status) => {
  const answer = await test.call(method, url, {
    key: await test.keyFor('admin'),
    headers: { 'idempotency-key': randomUUID() },
    ...(body === undefined ? {} : { body }),
  });
  expect(answer.status).toBe(status);
  expect(violations(method, url, answer)).toEqual([]);
});

it.each([
  ['GET', '/v1/auditions'],
  ['POST', '/v1/auditions'],
  ['GET', '/v1/attention'],
] as const)('%s %s without a key returns a 401 that matches the OpenAPI document', async (method, url) => {
  const answer = await test.call(method, url);
  expect(answer.status).toBe(401);
  expect(violations(method, url, answer)).toEqual([]);
});

const unavailable = () => Promise.reject(new Error('unavailable'));

it('responses match the OpenAPI document for success, refusals and outages', async () => {
  const key = await test.keyFor('admin');
  const url = `/v1/auditions/${id}/cancel`;
  const cancelled = async (sendUpdate: Parameters<TestApi['orchestration']['override']>[0]['sendUpdate']) => {
    test.orchestration.override({ sendUpdate });
    return test.call('POST', url, { key, body: {} });
  };
  const answers = [
    await cancelled(async () => ({ kind: 'done', result: { sequence: events.length } })),
    await cancelled(() => Promise.reject(new Refusal('wrong_state', 'over', 'look'))),
    await cancelled(() => Promise.reject(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))),
    await cancelled(() => Promise.reject(new TypeError('x'))),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 409, 503, 500]);
  expect(answers.flatMap((answer) => violations('POST', url, answer))).toEqual([]);

  const answers503 = await createTestApi(database, {
    checks: { database: unavailable, temporal: unavailable },
    integrations: { google: unavailable, zoom: unavailable, twilio: unavailable, smtp: unavailable },
  });
  for (const address of ['/readyz', '/health/integrations/zoom']) {
    const answer = await answers503.call('GET', address);
    expect(answer.status).toBe(503);
    expect(violations('GET', address, answer)).toEqual([]);
  }
});

it('the comparison reports a response that does not match the OpenAPI document', () => {
  const headers = { 'content-type': 'application/json', 'x-correlation-id': 'c' };
  expect(violations('GET', '/healthz', { status: 200, headers, body: { status: 'well' } })).toHaveLength(1);
  expect(violations('GET', '/healthz', { status: 418, headers, body: {} })).toHaveLength(1);
  const answer = { status: 200, headers: { 'content-type': 'application/json' }, body: { status: 'ok' } };
  expect(violations('GET', '/healthz', answer)).toEqual([
    'GET /healthz 200 lacks the header X-Correlation-Id',
  ]);
});
