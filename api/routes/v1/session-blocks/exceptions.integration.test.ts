/** Tests changes of one session, splits of a block, and its cancellation. */
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

describe('one session', () => {
  it('can be moved to another time and room, and be restored', async () => {
    const { created, send, book } = await setup();
    const { id } = await created();
    const audition = await book(id, ...secondTime);
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
    const { created, send, startsOf } = await setup();
    const { id } = await created();
    await send('PUT', `${id}/sessions/2026-12-03T10:00`, { version: 1, body: { status: 'cancelled' } });
    expect(await startsOf(id)).not.toContain('2026-12-03T10:00');
    expect(await startsOf(id)).toHaveLength(5);
  });

  it.each([
    ['2026-12-02T10:00', { status: 'cancelled' }, 404, 'session_not_found'],
    ['2026-12-01T10:15', { status: 'cancelled' }, 404, 'session_not_found'],
    ['2026-02-30T10:00', { status: 'cancelled' }, 400, 'invalid_path'],
    ['tomorrow', { status: 'cancelled' }, 400, 'invalid_path'],
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
    const { created, send, startsOf } = await setup();
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
    expect(await startsOf(id)).toEqual(['2026-12-01T10:00', '2026-12-04T10:00', '2026-12-08T10:00']);
    expect(await startsOf(Object(body).following.id)).toEqual([
      '2026-12-10T14:00',
      '2026-12-15T14:00',
      '2026-12-17T14:00',
    ]);
  });

  it('compares the auditions with the sessions of both blocks', async () => {
    const { created, send, book } = await setup();
    const { id } = await created();
    await book(id, ...firstTime);
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
    const { created, send, book, startsOf } = await setup();
    const { id } = await created();
    const audition = await book(id, ...firstTime);
    const cancelled = await send('DELETE', id, { version: 1 });
    expect(cancelled).toMatchObject({
      status: 200,
      body: { block: { status: 'cancelled', version: 2 }, outside: [{ audition }] },
    });
    expect(await send('DELETE', id, { version: 1 })).toMatchObject({ status: 200, body: cancelled.body });
    expect(await startsOf(id)).toEqual([]);
    expect(await send('PUT', id, { version: 2, body: blockBody() })).toMatchObject({
      status: 409,
      body: { code: 'session_block_cancelled' },
    });
  });
});
