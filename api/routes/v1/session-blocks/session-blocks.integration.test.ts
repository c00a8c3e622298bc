/** Tests the API of session blocks: creating, reading and changing them, and the auditions that are then outside. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestApi, type TestApi } from '../../../../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';
import { blockBody, useSessionBlocks } from '../../../../tests/harness/session-blocks.ts';

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
type Setup = Awaited<ReturnType<typeof setup>>;

const startsOf = async (
  { send }: Pick<Setup, 'send'>,
  id: string,
  from = '2026-11-24',
  until = '2027-03-01',
) => {
  const { body } = await send('GET', `${id}/sessions?from=${from}T00:00:00Z&until=${until}T00:00:00Z`);
  return Object(body).items.map(({ at }: { at: string }) => at);
};

const first = ['2026-12-01T09:00:00.000Z', '2026-12-01T09:15:00.000Z'] as const;
const second = ['2026-12-03T09:20:00.000Z', '2026-12-03T09:35:00.000Z'] as const;

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
    const { created, send } = await setup();
    const { id } = await created({
      start: '2026-10-25T02:30',
      end: '2026-10-25T03:30',
      recurrence: { rule: 'FREQ=DAILY' },
    });
    expect(await startsOf({ send }, id, '2027-12-01', '2027-12-03')).toEqual([
      '2027-12-01T02:30',
      '2027-12-02T02:30',
    ]);
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
    const { created, send } = await setup();
    const { id } = await created();
    expect(await startsOf({ send }, id)).toHaveLength(6);
    const refusal = async (query: string) => Object((await send('GET', `${id}/sessions?${query}`)).body).code;
    expect(await refusal('from=2026-12-01T00:00:00Z&until=2028-12-01T00:00:00Z')).toBe('slot_too_long');
    expect(await refusal('from=2026-12-02T00:00:00Z&until=2026-12-01T00:00:00Z')).toBe(
      'slot_ends_before_start',
    );
    expect(await refusal('from=tomorrow')).toBe('invalid_body');
    expect(await refusal('form=2026-12-02T00:00:00Z')).toBe('invalid_body');
  });
});

describe('a change', () => {
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
    expect(responses.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
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
    const { created, send } = await setup();
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
    expect(await startsOf({ send }, id)).toEqual(['2026-12-01T10:00', '2026-12-15T10:00']);
  });

  it('lists the auditions that are outside then, and moves none', async () => {
    const { created, send, book } = await setup();
    const { id } = await created();
    const [one, two] = [await book(id, ...first), await book(id, ...second)];
    await book(id, '2026-12-08T09:00:00.000Z', '2026-12-08T09:15:00.000Z', {
      more: [{ type: 'cancelled', origin: 'api' }],
    });
    const { body } = await send('PUT', id, {
      version: 1,
      body: blockBody({ start: '2026-12-01T10:10', room: 'Studio 5' }),
    });
    expect(Object(body).outside).toEqual([
      { audition: one, slot: expect.objectContaining({ start: first[0], block: id }), reason: 'no_session' },
      { audition: two, slot: expect.objectContaining({ start: second[0] }), reason: 'other_room' },
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

describe('one session', () => {
  it('can be moved to another time and room, and be restored', async () => {
    const { created, send, book } = await setup();
    const { id } = await created();
    const audition = await book(id, ...second);
    const path = `${id}/sessions/2026-12-03T10:00`;
    const moved = { start: '2026-12-04T14:00', end: '2026-12-04T16:00', room: 'Studio 5' };
    expect(await send('PUT', path, { version: 1, body: moved })).toMatchObject({
      status: 200,
      body: {
        block: { version: 2, exceptions: [{ at: '2026-12-03T10:00', change: moved }] },
        outside: [{ audition, reason: 'no_session' }],
      },
    });
    const { body } = await send('GET', `${id}/sessions`);
    expect(Object(body).items[1]).toEqual({
      at: '2026-12-03T10:00',
      start: '2026-12-04T13:00:00.000Z',
      end: '2026-12-04T15:00:00.000Z',
      room: 'Studio 5',
      isChanged: true,
    });
    expect(await send('DELETE', path, { version: 2 })).toMatchObject({
      status: 200,
      body: { block: { version: 3, exceptions: [] }, outside: [] },
    });
    expect(await send('DELETE', path, { version: 2 })).toMatchObject({
      status: 200,
      body: { block: { version: 3 } },
    });
  });

  it('can be cancelled, with the others as they were', async () => {
    const { created, send } = await setup();
    const { id } = await created();
    await send('PUT', `${id}/sessions/2026-12-03T10:00`, { version: 1, body: { status: 'cancelled' } });
    expect(await startsOf({ send }, id)).not.toContain('2026-12-03T10:00');
    expect(await startsOf({ send }, id)).toHaveLength(5);
  });

  it.each([
    ['2026-12-02T10:00', { status: 'cancelled' }, 404, 'session_not_found'],
    ['2026-12-01T10:15', { status: 'cancelled' }, 404, 'session_not_found'],
    ['2026-02-30T10:00', { status: 'cancelled' }, 404, 'session_not_found'],
    ['tomorrow', { status: 'cancelled' }, 400, 'invalid_body'],
    [
      '2026-12-03T10:00',
      { start: '2026-12-03T10:00', end: '2026-12-03T09:00' },
      422,
      'slot_ends_before_start',
    ],
    ['2026-12-03T10:00', { start: '2027-03-28T02:30', end: '2027-03-28T04:00' }, 422, 'local_time_in_gap'],
    ['2026-12-03T10:00', { status: 'postponed' }, 400, 'invalid_body'],
  ])('%s cannot be changed to %j', async (at, body, status, code) => {
    const { created, send } = await setup();
    const { id } = await created();
    expect(await send('PUT', `${id}/sessions/${at}`, { version: 1, body })).toMatchObject({
      status,
      body: { code },
    });
  });
});

describe('a split', () => {
  const split = {
    from: '2026-12-10T10:00',
    following: blockBody({ start: '2026-12-10T14:00', end: '2026-12-10T17:00' }),
  };
  const headers = { 'idempotency-key': 'split-1' };

  it('ends the block, and starts another one with the changed sessions', async () => {
    const { created, send } = await setup();
    const { id } = await created({
      recurrence: {
        rule: 'FREQ=WEEKLY;BYDAY=TU,TH;COUNT=6',
        added: ['2026-12-04T10:00', '2026-12-11T10:00'],
      },
    });
    await send('PUT', `${id}/sessions/2026-12-03T10:00`, { version: 1, body: { status: 'cancelled' } });
    await send('PUT', `${id}/sessions/2026-12-17T10:00`, { version: 2, body: { status: 'cancelled' } });
    const { status, body } = await send('POST', `${id}/split`, { version: 3, body: split, headers });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        block: { id, version: 4, recurrence: { added: ['2026-12-04T10:00'] } },
        following: { series: id, version: 1 },
        dropped: ['2026-12-17T10:00'],
      },
    });
    expect(await startsOf({ send }, id)).toEqual([
      '2026-12-01T10:00',
      '2026-12-04T10:00',
      '2026-12-08T10:00',
    ]);
    expect(await startsOf({ send }, Object(body).following.id)).toEqual([
      '2026-12-10T14:00',
      '2026-12-15T14:00',
      '2026-12-17T14:00',
    ]);
  });

  it('compares the auditions with the sessions of both blocks', async () => {
    const { created, send, book } = await setup();
    const { id } = await created();
    await book(id, ...first);
    const later = await book(id, '2026-12-10T09:00:00.000Z', '2026-12-10T09:15:00.000Z');
    const kept = {
      from: split.from,
      following: blockBody({ start: '2026-12-10T10:00', end: '2026-12-10T13:00' }),
    };
    const { body } = await send('POST', `${id}/split`, { version: 1, body: kept, headers });
    expect(Object(body).outside).toEqual([]);
    const moved = await send('PUT', Object(body).following.id, { version: 1, body: split.following });
    expect(moved.body).toMatchObject({ outside: [{ audition: later, reason: 'no_session' }] });
  });

  it('that is repeated creates no other block', async () => {
    const { created, send, key } = await setup();
    const { id } = await created();
    const one = await send('POST', `${id}/split`, { version: 1, body: split, headers });
    const again = await send('POST', `${id}/split`, { version: 1, body: split, headers });
    expect(Object(again.body).following.id).toBe(Object(one.body).following.id);
    await database.pool.query('DELETE FROM idempotent_requests');
    const unknown = await send('POST', `${id}/split`, { version: 1, body: split, headers });
    expect(Object(unknown.body).following.id).toBe(Object(one.body).following.id);
    const { body } = await test.call('GET', '/v1/session-blocks', { key });
    expect(Object(body).items).toHaveLength(2);
  });

  it.each([
    [{ from: '2026-12-01T10:00' }, 400, 'invalid_body'],
    [{ from: '2026-12-09T10:00' }, 404, 'session_not_found'],
    [{ following: blockBody({ zone: 'Mars/Base' }) }, 422, 'unknown_zone'],
  ])('is refused with %j', async (changes, status, code) => {
    const { created, send } = await setup();
    const { id } = await created();
    const body = { ...split, ...changes };
    expect(await send('POST', `${id}/split`, { version: 1, body, headers })).toMatchObject({
      status,
      body: { code },
    });
    expect((await send('GET', id)).body).toMatchObject({ version: 1 });
  });
});

describe('a cancelled block', () => {
  it('has no sessions, lists its auditions, and cannot be changed', async () => {
    const { created, send, book } = await setup();
    const { id } = await created();
    const audition = await book(id, ...first);
    const cancelled = await send('DELETE', id, { version: 1 });
    expect(cancelled).toMatchObject({
      status: 200,
      body: { block: { status: 'cancelled', version: 2 }, outside: [{ audition }] },
    });
    expect(await send('DELETE', id, { version: 1 })).toMatchObject({ status: 200, body: cancelled.body });
    expect(await startsOf({ send }, id)).toEqual([]);
    expect(await send('PUT', id, { version: 2, body: blockBody() })).toMatchObject({
      status: 409,
      body: { code: 'session_block_cancelled' },
    });
  });
});
