/** Tests that every route refuses body fields that it does not know. New routes are included automatically. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { createTestApi, type TestApi } from '../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../tests/harness/database.ts';
import { permissions } from './access/permissions.ts';

let database: TestDatabase;
let test: TestApi;
beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestApi(database);
});
afterAll(async () => {
  await test.api.close();
  await database.drop();
});

/** IDs of the right form: a path is checked before the body, and the body before the resource is looked up. */
const ids: Readonly<Record<string, string>> = {
  auditions: 'aud_0000000000000000000000000a',
  attention: 'att_0000000000000000000000000a-1',
  connections: 'conn_unknown',
  recordings: 'rec_unknown',
  'session-blocks': 'blk_unknown',
  'webhook-endpoints': 'endp_unknown',
};
const names: Readonly<Record<string, string>> = {
  ':participant': 'reader-1',
  ':at': '2026-12-03T10:00',
  ':link': 'AAAAAAAAAAAAAAAAAAAAAA',
};

/** Without the field that selects the form of the body, that field is the only one that is named. */
const selectors: Readonly<Record<string, object>> = {
  'POST /v1/auditions/:id/decide': { decision: 'booked' },
  'POST /v1/auditions/:id/reopen': { to: 'session' },
  'POST /v1/attention/:id/resolve': { action: 'retry' },
};

const methodSchema = z.enum(['POST', 'PUT', 'PATCH', 'DELETE']);
const problemSchema = z.looseObject({
  code: z.string(),
  errors: z.array(z.looseObject({ pointer: z.string() })),
});

/** Vendors that send webhooks add fields. */
const routes = Object.keys(permissions).filter(
  (route) => /^(POST|PUT|PATCH|DELETE) \/v1\//.test(route) && !route.includes('/v1/webhooks/'),
);

it.each(routes)('%s refuses a field that it does not know', async (route) => {
  const [method, pattern = ''] = route.split(' ');
  const collection = pattern.split('/')[2] ?? '';
  const url = pattern
    .replace(':id', ids[collection] ?? '')
    .replaceAll(/:\w+/g, (name) => names[name] ?? name);
  const { status, body } = await test.call(methodSchema.parse(method), url, {
    key: await test.keyFor('admin', `org_${randomUUID()}`),
    body: { ...selectors[route], nonsense: true },
    headers: { 'idempotency-key': randomUUID(), 'if-match': '*' },
  });
  expect(status).toBe(400);
  const { code, errors } = problemSchema.parse(body);
  expect([code, errors.map(({ pointer }) => pointer)]).toEqual([
    'invalid_body',
    expect.arrayContaining(['/nonsense']),
  ]);
});
