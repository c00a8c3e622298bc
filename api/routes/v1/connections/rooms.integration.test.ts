/** Tests the list of rooms, and the room in requests for free slots and auditions. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProviderError, type ProviderFault } from '../../../../domain/errors.ts';
import { createTestApi, performerConnection } from '../../../../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';
import type { FindRoomBusy, ListRooms } from '../../../dependencies.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.repositories.connections.put(performerConnection);
});
afterAll(() => database.drop());

const setup = async (given: { listRooms?: ListRooms; findRoomBusy?: FindRoomBusy }) => {
  const test = await createTestApi(database, given);
  const key = await test.keyFor('backend', 'org_north');
  return {
    list: (id: string = performerConnection.id) => test.call('GET', `/v1/connections/${id}/rooms`, { key }),
    search: (slot: object) =>
      test.call('POST', '/v1/availability', {
        key,
        body: {
          slot: {
            earliest: '2026-12-01T09:00',
            latest: '2026-12-01T11:00',
            durationMinutes: 60,
            zone: 'Europe/Paris',
            ...slot,
          },
          participants: [{ id: crypto.randomUUID(), zone: 'Europe/Paris' }],
          limit: 1,
        },
      }),
  };
};

const fails =
  (fault: ProviderFault): ListRooms =>
  async () => {
    throw new ProviderError('google', 'rooms.list', fault, { message: 'no' });
  };

describe('the list of rooms', () => {
  it('has the rooms that the account sees', async () => {
    const room = { email: 'studio@resource.calendar.google.com', name: 'Studio 2', capacity: 8 };
    const { list } = await setup({ listRooms: async () => ({ kind: 'listed', rooms: [room] }) });
    expect(await list()).toMatchObject({ status: 200, body: { items: [room] } });
  });

  it('names the scope to consent to when it is missing', async () => {
    const { list } = await setup({
      listRooms: async () => ({ kind: 'scope_missing', scopes: ['Place.Read.All'] }),
    });
    const { status, body } = await list();
    expect(status).toBe(422);
    expect(body).toMatchObject({
      code: 'scope_missing',
      detail: expect.stringContaining('Place.Read.All'),
    });
    expect(JSON.stringify(body)).toContain(`connection=${performerConnection.id}&scope=Place.Read.All`);
  });

  it.each([
    [{ kind: 'not_permitted' }, 422, 'scope_missing'],
    [{ kind: 'reconnect' }, 422, 'unknown_connection'],
    [{ kind: 'outage', effect: 'none' }, 503, 'temporarily_unavailable'],
  ] as const)('answers when the provider fails with %j', async (fault, status, code) => {
    const { list } = await setup({ listRooms: fails(fault) });
    expect(await list()).toMatchObject({ status, body: { code } });
  });

  it('does not exist for a provider without rooms, and for an unknown connection', async () => {
    const { list } = await setup({ listRooms: async () => ({ kind: 'not_offered' }) });
    expect(await list()).toMatchObject({ status: 422, body: { code: 'provider_not_offered' } });
    expect(await list('conn_unknown')).toMatchObject({ status: 404, body: { code: 'connection_not_found' } });
  });
});

describe('a search for free slots in a room', () => {
  const roomCalendar = {
    provider: 'google',
    connection: performerConnection.id,
    email: 'Studio@resource.calendar.google.com',
  };

  it('leaves out the times at which the room is busy', async () => {
    const asked: string[] = [];
    const { search } = await setup({
      findRoomBusy: async (_organization, { email }) => {
        asked.push(email);
        return [{ start: '2026-12-01T08:00:00.000Z', end: '2026-12-01T08:40:00.000Z' }];
      },
    });
    expect(await search({ room: 'Studio 2', roomCalendar })).toMatchObject({
      status: 200,
      body: { slots: [{ start: '2026-12-01T08:45:00.000Z' }] },
    });
    expect(asked).toEqual(['studio@resource.calendar.google.com']);
  });

  it('is refused for an unknown connection, one of another provider, and without the name of the room', async () => {
    const { search } = await setup({});
    for (const change of [{ connection: 'conn_unknown' }, { provider: 'microsoft' }]) {
      expect(await search({ room: 'Studio 2', roomCalendar: { ...roomCalendar, ...change } })).toMatchObject({
        status: 422,
        body: { code: 'unknown_connection' },
      });
    }
    expect(await search({ roomCalendar })).toMatchObject({ status: 400, body: { code: 'invalid_body' } });
    expect(
      await search({ room: 'Studio 2', roomCalendar: { ...roomCalendar, provider: 'apple' } }),
    ).toMatchObject({ status: 400 });
  });
});
