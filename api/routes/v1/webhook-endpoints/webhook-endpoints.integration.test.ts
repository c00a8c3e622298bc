/** Tests the routes that manage webhook endpoints. */
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createEarlyCheck } from '../../../../providers/outbound/early-check.ts';
import { createTestApi, type TestApi } from '../../../../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';
import { newOrganizationId } from '../../../../tests/harness/endpoints.ts';
import { endpointWithSecretSchema } from '../../../schemas/webhook-endpoint.ts';
import type { DeliveryWorkflows } from '../../../webhook-endpoints/delivery-workflows.ts';
import { newSecret } from '../../../webhook-endpoints/endpoint.ts';

type Replay = Parameters<DeliveryWorkflows['startReplay']>[0];
type Notice = Parameters<DeliveryWorkflows['deliverNotice']>[0];

let database: TestDatabase;
let test: TestApi;
let noticeResult: Awaited<ReturnType<DeliveryWorkflows['deliverNotice']>>;
const replays: Replay[] = [];
const notices: Notice[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  test = await createTestApi(database, {
    assertUrlAllowed: createEarlyCheck({ allowedPrivateNetworks: ['127.0.0.0/8'] }),
    deliveryWorkflows: {
      startReplay: async (input) => {
        replays.push(input);
        return 'event-replay/1';
      },
      deliverNotice: async (input) => {
        notices.push(input);
        return noticeResult;
      },
    },
  });
});
afterAll(async () => {
  await test.api.close();
  await database.drop();
});

const path = '/v1/webhook-endpoints';
const url = 'http://127.0.0.1:9999/hooks';
const anything = { body: {} };

const setUp = async () => {
  const organization = newOrganizationId();
  const key = await test.keyFor('admin', organization);
  const create = (body: object = { url }) => test.call('POST', path, { key, body });
  const made = endpointWithSecretSchema.parse((await create()).body);
  const acts = async () => {
    const { items } = await database.repositories.administrativeActs.list(organization, { limit: 20 });
    return items.map(({ act, target, detail }) => ({ act, target, detail }));
  };
  return { organization, key, create, made, at: `${path}/${made.id}`, acts };
};

describe('a webhook endpoint', () => {
  it('is created with a secret that is shown only once', async () => {
    const { key, create, at, made, acts } = await setUp();
    const { status, headers } = await create({ url, eventTypes: ['audition.confirmed'] });
    expect([status, headers['location']]).toEqual([
      201,
      expect.stringMatching(/^\/v1\/webhook-endpoints\/endp_/),
    ]);
    expect(Buffer.from(made.secret.slice('whsec_'.length), 'base64')).toHaveLength(32);
    for (const shown of [await test.call('GET', at, { key }), await test.call('GET', path, { key })]) {
      expect(shown.status).toBe(200);
      expect(shown.text).toContain(made.id);
      expect(shown.text).not.toContain('whsec_');
    }
    expect(await acts()).toContainEqual({
      act: 'endpoint.created',
      target: made.id,
      detail: { url, eventTypes: [] },
    });
  });

  it('stores its normalized URL, and records it without the query, which may contain a token', async () => {
    const { key, create, acts } = await setUp();
    const made = await create({ url: 'http://127.0.0.1:9999/a\u0000b?token=hidden#part' });
    expect(made.body).toMatchObject({ url: 'http://127.0.0.1:9999/a%00b?token=hidden' });
    const { id } = endpointWithSecretSchema.parse(made.body);
    await test.call('PATCH', `${path}/${id}`, { key, body: { url: `${url}?token=hidden` } });
    expect((await test.call('GET', `${path}/${id}`, { key })).body).toMatchObject({
      url: `${url}?token=hidden`,
    });
    expect(JSON.stringify(await acts())).not.toContain('hidden');
  });

  it('accepts a given secret of sufficient length', async () => {
    const { create } = await setUp();
    const secret = `whsec_${Buffer.alloc(24, 5).toString('base64')}`;
    expect((await create({ url, secret })).body).toMatchObject({ secret });
    for (const bad of ['whsec_c2hvcnQ=', 'secret', `whsec_${Buffer.alloc(65).toString('base64')}`]) {
      expect((await create({ url, secret: bad })).body).toMatchObject({ code: 'invalid_body' });
    }
  });

  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'https://10.0.0.1/hooks',
    'http://93.184.216.34/not-encrypted',
    'https://user:password@127.0.0.1/',
    'ftp://127.0.0.1/',
    'no address',
  ])('cannot be created for %s, nor changed to it', async (address) => {
    const { key, create, at } = await setUp();
    for (const refused of [
      await create({ url: address }),
      await test.call('PATCH', at, { key, body: { url: address } }),
    ]) {
      expect([refused.status, refused.body]).toMatchObject([422, { code: 'address_not_allowed' }]);
    }
    expect((await test.call('GET', at, { key })).body).toMatchObject({ url });
  });

  it('is changed, disabled and enabled again', async () => {
    const { key, at, acts, made } = await setUp();
    const change = async (body: object) => (await test.call('PATCH', at, { key, body })).body;
    expect(await change({ eventTypes: ['audition.failed'] })).toMatchObject({
      eventTypes: ['audition.failed'],
      url,
    });
    const disabled = await change({ status: 'disabled' });
    expect(disabled).toMatchObject({ status: 'disabled', disabledReason: 'Disabled by an administrator.' });
    const enabled = await change({ status: 'enabled' });
    expect(enabled).toMatchObject({ status: 'enabled' });
    expect(enabled).not.toHaveProperty('disabledReason');
    expect(await acts()).toContainEqual({
      act: 'endpoint.changed',
      target: made.id,
      detail: { status: 'disabled' },
    });
    expect(await change({ eventTypes: ['audition.unheard_of'] })).toMatchObject({ code: 'invalid_body' });
  });

  it('is removed with its key', async () => {
    const { key, at, made } = await setUp();
    expect((await test.call('DELETE', at, { key })).status).toBe(204);
    expect((await test.call('GET', at, { key })).body).toMatchObject({ code: 'endpoint_not_found' });
    expect((await test.call('DELETE', at, { key })).status).toBe(404);
    const { rows } = await database.keys.db.execute(sql`SELECT id FROM data_keys WHERE id = ${made.id}`);
    expect(rows).toEqual([]);
  });

  it('is rejected above the limit of twenty', async () => {
    const { create } = await setUp();
    for (let count = 1; count < 20; count += 1) expect((await create()).status).toBe(201);
    const refused = await create();
    expect([refused.status, refused.body]).toMatchObject([409, { code: 'endpoint_limit_reached' }]);
  });
});

it('a secret can be rotated only once during the overlap, except with force', async () => {
  const { key, at, made, acts } = await setUp();
  // The clock of the API in tests is far behind the clock of the database.
  const rotate = (body: object = {}) => test.call('POST', `${at}/rotate-secret`, { key, body });
  const first = endpointWithSecretSchema.parse((await rotate()).body);
  expect(first.secret).not.toBe(made.secret);
  expect(first.previousSecretUntil).toMatch(/Z$/);
  const second = await rotate();
  expect([second.status, second.body]).toMatchObject([409, { code: 'rotation_under_way' }]);
  expect((await rotate({ force: true })).status).toBe(200);
  expect(await acts()).toContainEqual({
    act: 'endpoint.secret_rotated',
    target: made.id,
    detail: { force: true },
  });
  expect(JSON.stringify(await acts())).not.toContain('whsec_');
});

it('simultaneous rotations of a secret succeed only once', async () => {
  const { key, at } = await setUp();
  const { repositories } = database;
  const quicker = newSecret();
  const slow = await createTestApi(database, {
    repositories: {
      ...repositories,
      endpoints: {
        ...repositories.endpoints,
        rotateSecret: async (use, _secret, overlapMs, act) => {
          await repositories.endpoints.rotateSecret(use, quicker, overlapMs, act);
          return undefined;
        },
      },
    },
  });
  const { status, body } = await slow.call('POST', `${at}/rotate-secret`, { key, body: {} });
  expect([status, body]).toMatchObject([409, { code: 'rotation_under_way' }]);
});

describe('a replay', () => {
  const range = { from: '2026-11-01T00:00:00.000Z', until: '2026-11-02T00:00:00.000Z' };

  it('is started for the requested range', async () => {
    const { key, at, organization, made } = await setUp();
    const started = await test.call('POST', `${at}/replay`, { key, body: range });
    expect([started.status, started.body]).toEqual([202, { replay: 'event-replay/1' }]);
    expect(replays.at(-1)).toEqual({
      organization,
      endpoint: made.id,
      correlationId: started.headers['x-correlation-id'],
      ...range,
    });
  });

  it.each(['2026-02-30T00:00:00.000Z', '2026-13-01T00:00:00.000Z', '0000-01-01T00:00:00.000Z'])(
    'is rejected for the impossible time %s',
    async (from) => {
      const { key, at } = await setUp();
      const before = replays.length;
      const until = '2027-01-01T00:00:00.000Z';
      const { status, body } = await test.call('POST', `${at}/replay`, { key, body: { from, until } });
      expect([status, body]).toMatchObject([400, { code: 'invalid_body' }]);
      expect(replays).toHaveLength(before);
    },
  );

  it('is rejected when the range ends before it begins, and for a disabled endpoint', async () => {
    const { key, at } = await setUp();
    const backwards = { from: range.until, until: range.from };
    expect((await test.call('POST', `${at}/replay`, { key, body: backwards })).status).toBe(400);
    await test.call('PATCH', at, { key, body: { status: 'disabled' } });
    const refused = await test.call('POST', `${at}/replay`, { key, body: range });
    expect([refused.status, refused.body]).toMatchObject([409, { code: 'endpoint_disabled' }]);
  });
});

describe('a test event', () => {
  it.each([
    [{ kind: 'accepted', answer: '204' }, 200, { delivered: true, answer: '204' }],
    [{ kind: 'failed', answer: 'no answer in time' }, 200, { delivered: false, answer: 'no answer in time' }],
    [undefined, 202, { delivered: false }],
  ] as const)('with the result %j returns %i', async (result, status, body) => {
    const { key, at, made } = await setUp();
    noticeResult = result;
    const tested = await test.call('POST', `${at}/test`, { key });
    expect([tested.status, tested.body]).toEqual([status, body]);
    expect(notices.at(-1)).toMatchObject({
      endpoint: made.id,
      message: { id: expect.stringMatching(/^msg_test_/), event: { type: 'endpoint.test' } },
      evenIfDisabled: true,
      once: true,
    });
  });
});

it.each([
  ['replay', { from: '2026-11-01T00:00:00.000Z', until: '2026-11-02T00:00:00.000Z' }, 'endpoint.replayed'],
  ['test', undefined, 'endpoint.tested'],
] as const)(
  'a %s is recorded once before it starts, and does not start when recording fails',
  async (action, body, act) => {
    const { key, at, acts } = await setUp();
    const { repositories } = database;
    const started: string[] = [];
    const withoutRecording = await createTestApi(database, {
      repositories: {
        ...repositories,
        administrativeActs: {
          ...repositories.administrativeActs,
          record: () => Promise.reject(new Error('database unavailable')),
        },
      },
      deliveryWorkflows: {
        startReplay: async () => {
          started.push('replay');
          return 'event-replay/1';
        },
        deliverNotice: async () => {
          started.push('test');
          return undefined;
        },
      },
    });
    const options = body ? { key, body } : { key };
    expect((await withoutRecording.call('POST', `${at}/${action}`, options)).status).toBe(500);
    expect(started).toEqual([]);
    await withoutRecording.api.close();
    await test.call('POST', `${at}/${action}`, options);
    expect((await acts()).filter((recorded) => recorded.act === act)).toHaveLength(1);
  },
);

it('a webhook endpoint is hidden from other organizations, and only an admin can change it', async () => {
  const { organization, at } = await setUp();
  const stranger = await test.keyFor('admin', newOrganizationId());
  const operator = await test.keyFor('operator', organization);
  const backend = await test.keyFor('backend', organization);
  const calls = [
    ['GET', at, {}],
    ['PATCH', at, anything],
    ['DELETE', at, {}],
    ['POST', `${at}/rotate-secret`, anything],
    [
      'POST',
      `${at}/replay`,
      { body: { from: '2026-11-01T00:00:00.000Z', until: '2026-11-02T00:00:00.000Z' } },
    ],
    ['POST', `${at}/test`, {}],
  ] as const;
  for (const [method, where, how] of calls) {
    expect([method, where, (await test.call(method, where, { key: stranger, ...how })).status]).toEqual([
      method,
      where,
      404,
    ]);
    expect((await test.call(method, where, { key: backend, ...how })).status).toBe(403);
    expect((await test.call(method, where, { key: operator, ...how })).status).toBe(
      method === 'GET' ? 200 : 403,
    );
  }
  const { body } = await test.call('GET', path, { key: stranger });
  expect(z.object({ items: z.array(z.unknown()) }).parse(body).items).toEqual([]);
});
