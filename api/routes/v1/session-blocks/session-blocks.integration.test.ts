/** Tests the API of session blocks: creating, reading and changing them, and the auditions that are then outside. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, type TestApi } from '../../../../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';
import {
  blockBody,
  firstTime,
  secondTime,
  useSessionBlocks,
} from '../../../../tests/harness/session-blocks.ts';

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

const setup = () => useSessionBlocks(test, database);

describe('creating a session block', () => {
  it('returns it with its version, and it can be read and listed', async () => {
    const { create, send, key } = await setup();
    const { status, headers, body } = await create({ castingDirector: 'carl', role: 'role-1' });
    expect(status).toBe(201);
    expect(body).toMatchObject({ ...blockBody(), version: 1, status: 'active', exceptions: [] });
    const { id } = Object(body);
    expect(headers).toMatchObject({ location: `/v1/session-blocks/${id}`, etag: '"1"' });
    expect(await send('GET', id)).toMatchObject({ status: 200, body, headers: { etag: '"1"' } });
    const listed = async (query: string) =>
      Object((await test.call('GET', `/v1/session-blocks?${query}`, { key })).body).items.length;
    expect(await listed('project=project-1&role=role-1&castingDirector=carl')).toBe(1);
    expect(await listed('castingDirector=cora')).toBe(0);
  });

  it('creates one block for one Idempotency-Key, and another key creates another', async () => {
    const { create } = await setup();
    const [one, again] = [await create({}, 'key-1'), await create({}, 'key-1')];
    expect(again).toMatchObject({ status: 201, body: one.body });
    expect(Object((await create({}, 'key-2')).body).id).not.toBe(Object(one.body).id);
    expect(await create({ slotMinutes: 20 }, 'key-1')).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    });
  });

  it('creates one block when the same request is sent simultaneously', async () => {
    const { create, key } = await setup();
    const responses = await Promise.all([1, 2, 3, 4].map(() => create({}, 'same')));
    expect(new Set(responses.map(({ body }) => Object(body).id)).size).toBe(1);
    const { body } = await test.call('GET', '/v1/session-blocks', { key });
    expect(Object(body).items).toHaveLength(1);
  });

  it('needs an Idempotency-Key', async () => {
    const { key } = await setup();
    expect(await test.call('POST', '/v1/session-blocks', { key, body: blockBody() })).toMatchObject({
      status: 400,
      body: { code: 'idempotency_key_missing' },
    });
  });

  it.each([
    [{ zone: 'Europe/Atlantis' }, 422, 'unknown_zone', '/zone'],
    [{ start: '2026-02-30T10:00' }, 400, 'invalid_body', '/start'],
    [{ start: '2026-12-01T10:00Z' }, 400, 'invalid_body', '/start'],
    [{ end: undefined }, 400, 'invalid_body', '/end'],
    [{ end: '2026-12-01T10:00' }, 422, 'slot_ends_before_start', '/start'],
    [{ end: '2026-12-01T09:00' }, 422, 'slot_ends_before_start', '/start'],
    [{ end: '2026-12-02T10:01' }, 422, 'slot_too_long', '/start'],
    [
      { start: '2029-12-04T10:00', end: '2029-12-04T11:00', recurrence: undefined },
      422,
      'slot_too_far_ahead',
      '/start',
    ],
    [
      { start: '0001-12-04T10:00', end: '0001-12-04T11:00', recurrence: undefined },
      400,
      'invalid_body',
      '/start',
    ],
    [{ slotMinutes: 181 }, 400, 'invalid_body', '/slotMinutes'],
    [{ slotMinutes: 0 }, 400, 'invalid_body', '/slotMinutes'],
    [{ recurrence: { rule: 'FREQ=SECONDLY' } }, 422, 'invalid_recurrence', '/recurrence/rule'],
    [{ recurrence: { rule: 'FREQ=DAILY;COUNT=1000000' } }, 422, 'invalid_recurrence', '/recurrence/rule'],
    [{ recurrence: { rule: 'FREQ=WEEKLY;BYDAY=MO' } }, 422, 'invalid_recurrence', '/recurrence/rule'],
    [{ recurrence: { rule: 'FREQ=WEEKLY;UNTIL=20261130' } }, 422, 'invalid_recurrence', '/recurrence/rule'],
    [
      { recurrence: { rule: 'FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30' } },
      422,
      'invalid_recurrence',
      '/recurrence/rule',
    ],
    [{ recurrence: { rule: 'nonsense' } }, 422, 'invalid_recurrence', '/recurrence/rule'],
    [{ recurrence: { rule: 'X'.repeat(301) } }, 400, 'invalid_body', '/recurrence/rule'],
    [{ recurrence: { added: ['2026-02-30T10:00'] } }, 400, 'invalid_body', '/recurrence/added/0'],
    [{ recurrence: { added: ['2027-03-28T02:30'] } }, 422, 'local_time_in_gap', '/recurrence/added/0'],
    [
      { recurrence: { added: Array.from({ length: 201 }, () => '2026-12-05T10:00') } },
      400,
      'invalid_body',
      '/recurrence/added',
    ],
    [
      { start: '2027-03-28T02:30', end: '2027-03-28T04:00', recurrence: undefined },
      422,
      'local_time_in_gap',
      '/start',
    ],
    [{ room: 'a\u202eb'.repeat(60) }, 400, 'invalid_body', '/room'],
    [{ project: 'no spaces please' }, 400, 'invalid_body', '/project'],
    [{ colour: 'red' }, 400, 'invalid_body', '/colour'],
  ])('refuses %j', async (changes, status, code, pointer) => {
    const { create } = await setup();
    const response = await create(changes);
    expect(response).toMatchObject({ status, body: { code } });
    expect(Object(response.body).errors[0].pointer).toBe(pointer);
  });

  it('accepts a rule that never ends, and times that the clock shows twice', async () => {
    const { created, startsOf } = await setup();
    const { id } = await created({
      start: '2026-10-25T02:30',
      end: '2026-10-25T03:30',
      recurrence: { rule: 'FREQ=DAILY' },
    });
    expect(await startsOf(id, '2027-12-01', '2027-12-03')).toEqual(['2027-12-01T02:30', '2027-12-02T02:30']);
  });

  it('is not visible to another organization', async () => {
    const [one, other] = [await setup(), await setup()];
    const { id } = await one.created();
    for (const [method, path] of [
      ['GET', id],
      ['GET', `${id}/sessions`],
      ['POST', `${id}/feed`],
    ] as const) {
      expect(await other.send(method, path)).toMatchObject({
        status: 404,
        body: { code: 'session_block_not_found' },
      });
    }
    const stolen = await other.send('PUT', id, { version: 1, body: blockBody({ room: 'Elsewhere' }) });
    expect(stolen.status).toBe(404);
  });
});

describe('the sessions', () => {
  it('are listed in a bounded time, without those that are cancelled', async () => {
    const { created, send, startsOf } = await setup();
    const { id } = await created();
    expect(await startsOf(id)).toHaveLength(6);
    const refusal = async (query: string) => Object((await send('GET', `${id}/sessions?${query}`)).body).code;
    expect(await refusal('from=2026-12-01T00:00:00Z&until=2028-12-01T00:00:00Z')).toBe('slot_too_long');
    expect(await refusal('from=2026-12-02T00:00:00Z&until=2026-12-01T00:00:00Z')).toBe(
      'slot_ends_before_start',
    );
    expect(await refusal('from=tomorrow')).toBe('invalid_query');
    expect(await refusal('form=2026-12-02T00:00:00Z')).toBe('invalid_query');
  });
});

describe('a change', () => {
  it('without a version is refused also when its Idempotency-Key was used with one', async () => {
    const { created, send } = await setup();
    const { id } = await created();
    const headers = { 'idempotency-key': randomUUID() };
    const body = blockBody({ room: 'Studio 5' });
    expect(await send('PUT', id, { body, version: 1, headers })).toMatchObject({ status: 200 });
    expect(await send('PUT', id, { body, version: 1, headers })).toMatchObject({ status: 200 });
    expect(await send('PUT', id, { body, headers })).toMatchObject({ status: 428 });
  });

  it('needs the version that its caller has read', async () => {
    const { created, send } = await setup();
    const { id } = await created();
    const body = blockBody({ room: 'Studio 5' });
    expect(await send('PUT', id, { body })).toMatchObject({
      status: 428,
      body: { code: 'precondition_missing' },
    });
    expect(await send('PUT', id, { body, version: 7 })).toMatchObject({
      status: 412,
      body: { code: 'version_changed' },
    });
    expect(await send('PUT', id, { body, headers: { 'if-match': 'W/"1"' } })).toMatchObject({ status: 400 });
    expect(await send('PUT', id, { body, version: 1 })).toMatchObject({
      status: 200,
      headers: { etag: '"2"' },
      body: { block: { version: 2, room: 'Studio 5' }, outside: [] },
    });
    expect(
      await send('PUT', id, { body: blockBody({ room: 'S' }), headers: { 'if-match': '*' } }),
    ).toMatchObject({
      body: { block: { version: 3 } },
    });
  });

  it('is made by one of two that are sent simultaneously', async () => {
    const { created, send } = await setup();
    const { id } = await created();
    const responses = await Promise.all(
      ['A', 'B', 'C'].map((room) => send('PUT', id, { version: 1, body: blockBody({ room }) })),
    );
    expect(responses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 412, 412]);
    expect((await send('GET', id)).body).toMatchObject({ version: 2 });
  });

  it('that is repeated changes nothing, and succeeds', async () => {
    const { created, send } = await setup();
    const { id } = await created();
    const body = blockBody({ room: 'Studio 5' });
    const [one, again] = [
      await send('PUT', id, { body, version: 1 }),
      await send('PUT', id, { body, version: 1 }),
    ];
    expect(again).toMatchObject({ status: 200, body: one.body });
    const headers = { 'idempotency-key': 'change-1' };
    await send('PUT', id, { body: blockBody(), version: 2, headers });
    expect(await send('PUT', id, { body: blockBody(), version: 2, headers })).toMatchObject({
      status: 200,
      body: { block: { version: 3 } },
    });
  });

  it('of all sessions keeps changed sessions, and drops those that the block does not have any more', async () => {
    const { created, send, startsOf } = await setup();
    const { id } = await created();
    await send('PUT', `${id}/sessions/2026-12-03T10:00`, { version: 1, body: { status: 'cancelled' } });
    await send('PUT', `${id}/sessions/2026-12-08T10:00`, { version: 2, body: { status: 'cancelled' } });
    const { body } = await send('PUT', id, {
      version: 3,
      body: blockBody({ recurrence: { rule: 'FREQ=WEEKLY;BYDAY=TU;UNTIL=20261218' } }),
    });
    expect(body).toMatchObject({
      block: { exceptions: [{ at: '2026-12-08T10:00' }] },
      dropped: ['2026-12-03T10:00'],
    });
    expect(await startsOf(id)).toEqual(['2026-12-01T10:00', '2026-12-15T10:00']);
  });

  it('lists the auditions that are outside then, and moves none', async () => {
    const { created, send, book } = await setup();
    const { id } = await created();
    const [one, two] = [await book(id, ...firstTime), await book(id, ...secondTime)];
    await book(id, '2026-12-08T09:00:00.000Z', '2026-12-08T09:15:00.000Z', {
      more: [{ type: 'cancelled', origin: 'api' }],
    });
    const { body } = await send('PUT', id, {
      version: 1,
      body: blockBody({ start: '2026-12-01T10:10', room: 'Studio 5' }),
    });
    expect(Object(body).outside).toEqual([
      {
        audition: one,
        slot: expect.objectContaining({ start: firstTime[0], block: id }),
        reason: 'no_session',
      },
      { audition: two, slot: expect.objectContaining({ start: secondTime[0] }), reason: 'other_room' },
    ]);
    expect(Object((await send('PUT', id, { version: 2, body: blockBody() })).body).outside).toEqual([]);
  });

  it('is an administrative act', async () => {
    const { created, send, organization } = await setup();
    const { id } = await created();
    await send('PUT', `${id}/sessions/2026-12-03T10:00`, { version: 1, body: { status: 'cancelled' } });
    await send('DELETE', id, { version: 2 });
    const { body } = await test.call('GET', '/v1/administrative-acts', {
      key: await test.keyFor('admin', organization),
    });
    expect(Object(body).items.map(({ act }: { act: string }) => act)).toEqual([
      'session_block.cancelled',
      'session.changed',
      'session_block.created',
    ]);
  });
});
