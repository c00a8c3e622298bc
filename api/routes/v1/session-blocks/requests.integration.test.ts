/** Tests requests for auditions whose slot names a session block. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditionRequest, createTestApi, type TestApi } from '../../../../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';
import { useSessionBlocks } from '../../../../tests/harness/session-blocks.ts';

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

const setup = async () => {
  const blocks = await useSessionBlocks(test, database);
  await database.repositories.organizations.put({
    id: blocks.organization,
    name: 'North',
    meetingProviders: ['zoom'],
  });
  const request = async (slot: object, more: Record<string, unknown> = {}) => {
    const response = await test.call('POST', '/v1/auditions', {
      key: blocks.key,
      body: auditionRequest({ slot, meeting: undefined, ...more }),
      headers: { 'idempotency-key': randomUUID() },
    });
    return { ...response, plan: test.orchestration.started.at(-1) };
  };
  return { ...blocks, request };
};

describe('an audition in a session block', () => {
  it('searches from the first session on, in person when the block has a room', async () => {
    const { created, request } = await setup();
    const { id } = await created();
    const { status, plan } = await request({ block: id });
    expect(status).toBe(201);
    expect(plan).toMatchObject({
      wish: {
        kind: 'window',
        earliest: '2026-12-01T09:00:00.000Z',
        latest: '2027-01-01T09:00:00.000Z',
        durationMinutes: 15,
        zone: 'Europe/Paris',
        room: 'Studio 2',
        block: id,
      },
      meetingProviders: [],
    });
  });

  it('is by video when the block has no room, and begins with `earliest`', async () => {
    const { created, request } = await setup();
    const { id } = await created({ room: undefined });
    const { plan } = await request({ block: id, earliest: '2026-12-03T11:00', latest: '2026-12-09T00:00' });
    expect(plan).toMatchObject({
      wish: { earliest: '2026-12-03T10:00:00.000Z', latest: '2026-12-08T23:00:00.000Z' },
      meetingProviders: ['zoom'],
    });
  });

  it('can have a chosen slot, which gets the room of its session', async () => {
    const { created, request } = await setup();
    const { id } = await created();
    const chosen = { start: '2026-12-03T10:20', end: '2026-12-03T10:35', zone: 'Europe/Paris', block: id };
    expect((await request(chosen)).plan).toMatchObject({
      wish: {
        kind: 'fixed',
        slot: { start: '2026-12-03T09:20:00.000Z', room: 'Studio 2', block: id },
      },
      meetingProviders: [],
    });
    for (const [changes, pointer] of [
      [{ room: 'Studio 9' }, '/slot/room'],
      [{ start: '2026-12-02T10:20', end: '2026-12-02T10:35' }, '/slot/start'],
    ] as const) {
      expect((await request({ ...chosen, ...changes })).body).toMatchObject({
        code: 'outside_session_block',
        errors: [{ pointer }, ...(pointer === '/slot/start' ? [{ pointer: '/slot/end' }] : [])],
      });
    }
  });

  it.each([
    [{}, { block: 'blk_unknown' }, 422, 'unknown_session_block'],
    [{ project: 'project-2' }, {}, 422, 'session_block_mismatch'],
    [{ role: 'role-2' }, {}, 422, 'session_block_mismatch'],
    [{ castingDirector: 'carl' }, {}, 422, 'session_block_mismatch'],
    [{}, { earliest: '2026-12-19T00:00' }, 409, 'nothing_free'],
    [{}, { earliest: '2026-12-05T00:00', latest: '2026-12-04T00:00' }, 422, 'slot_ends_before_start'],
    [{}, { latest: '2027-06-01T00:00' }, 422, 'slot_too_long'],
    [{}, { earliest: '2027-03-28T02:30' }, 422, 'local_time_in_gap'],
    [{}, { durationMinutes: 30 }, 400, 'invalid_body'],
  ])('in %j is refused with %j', async (definition, slot, status, code) => {
    const { created, request } = await setup();
    const { id } = await created(definition);
    expect(await request({ block: id, ...slot })).toMatchObject({ status, body: { code } });
  });

  it('is refused in a cancelled block, and in one of another organization', async () => {
    const [one, other] = [await setup(), await setup()];
    const { id } = await one.created();
    expect(await other.request({ block: id })).toMatchObject({ body: { code: 'unknown_session_block' } });
    await one.send('DELETE', id, { version: 1 });
    expect(await one.request({ block: id })).toMatchObject({ status: 409, body: { code: 'nothing_free' } });
  });
});
