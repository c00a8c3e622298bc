/** Every route, every role, and somebody else's organization. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { apiRoles } from '../../db/repositories.ts';
import { auditionRequest, createTestApi, type TestApi } from '../../tests/harness/api.ts';
import { attentionItem, newAuditionId, scheduledLife, trail } from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { type Permission, permissions } from './permissions.ts';

let database: TestDatabase;
let test: TestApi;
const id = newAuditionId();
const item = attentionItem(`att_${id}_1`);
beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestApi(database);
  const facts = [...scheduledLife(id, 'org_north'), { type: 'attention_raised', item } as const];
  await database.repositories.events.append(id, trail(facts));
});
afterAll(async () => {
  await test.api.close();
  await database.drop();
});

type Method = 'GET' | 'POST';
const bodies: Readonly<Record<string, unknown>> = {
  'POST /v1/auditions': auditionRequest(),
  'POST /v1/auditions/:id/respond': { participant: 'performer-1', answer: 'accepted' },
  'POST /v1/auditions/:id/reschedule': { slot: auditionRequest().slot },
  'POST /v1/auditions/:id/cancel': {},
  'POST /v1/auditions/:id/decide': { decision: 'booked' },
  'POST /v1/auditions/:id/check-in': { participant: 'performer-1' },
  'POST /v1/attention/:id/resolve': { action: 'retry' },
  'POST /v1/availability': {
    slot: {
      earliest: '2026-12-01T09:00',
      latest: '2026-12-01T18:00',
      durationMinutes: 30,
      zone: 'Europe/Paris',
    },
    participants: [{ id: 'performer-1', zone: 'Europe/Paris' }],
  },
  'POST /codec/encode': { payloads: [] },
  'POST /codec/decode': { payloads: [] },
};

const call = (route: string, key: string | undefined) => {
  const [method, pattern = ''] = route.split(' ');
  const url = pattern.replace(':id', pattern.includes('attention') ? item.id : id);
  return test.call(method === 'GET' ? 'GET' : ('POST' satisfies Method), url, {
    ...(key === undefined ? {} : { key }),
    ...(route in bodies ? { body: bodies[route] } : {}),
    headers: { 'idempotency-key': crypto.randomUUID() },
  });
};

const guarded: readonly (readonly [string, Exclude<Permission, 'public'>])[] = Object.entries(
  permissions,
).flatMap(([route, permission]) => (permission === 'public' ? [] : [[route, permission] as const]));

describe('every route that is not public', () => {
  it.each(guarded)('%s takes no request without a key', async (route) => {
    const { status, body, headers } = await call(route, undefined);
    expect([status, body]).toMatchObject([401, { code: 'unauthenticated' }]);
    expect(headers['www-authenticate']).toMatch(/^Bearer/);
  });

  it.each(guarded)('%s takes no key that nobody was given', async (route) => {
    expect((await call(route, 'made-up')).body).toMatchObject({ code: 'unauthenticated' });
  });

  const matrix = guarded.flatMap(([route, roles]) =>
    apiRoles.map((role) => [route, role, roles.includes(role) ? 'may pass' : 'is forbidden'] as const),
  );
  it.each(matrix)('%s as %s: %s', async (route, role, expected) => {
    const { status, body } = await call(route, await test.keyFor(role));
    const refused = z.looseObject({ code: z.literal('forbidden') }).safeParse(body).success;
    const outcome = status === 403 && refused ? 'is forbidden' : status < 300 ? 'may pass' : status;
    expect(outcome).toBe(expected);
  });
});

describe("another organization's audition", () => {
  const named = guarded.map(([route]) => route).filter((route) => route.includes(':id'));
  it.each(named)('does not exist for %s', async (route) => {
    const asked = test.orchestration.asked.length;
    const { status, body } = await call(route, await test.keyFor('admin', 'org_south'));
    const code = route.includes('attention') ? 'attention_not_found' : 'audition_not_found';
    expect([status, body]).toMatchObject([404, { code }]);
    expect(test.orchestration.asked).toHaveLength(asked);
  });

  it.each(['/v1/auditions', '/v1/attention'])('is in no list of %s', async (url) => {
    const key = await test.keyFor('admin', 'org_south');
    expect((await test.call('GET', url, { key })).body).toEqual({ items: [] });
  });
});

it('takes a key in X-Api-Key as well', async () => {
  const headers = { 'x-api-key': await test.keyFor('backend') };
  expect((await test.call('GET', `/v1/auditions/${id}`, { headers })).status).toBe(200);
});
