/** Tests whose account can book the room of an audition, wherever a request names the calendar of a room. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditionRequest, createTestApi, performerConnection } from '../../../../tests/harness/api.ts';
import { performer } from '../../../../tests/harness/audition-plan.ts';
import { createCommandedAudition } from '../../../../tests/harness/commanded-audition.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  for (const [id, owner] of [
    ['conn_of_ada', performer.id],
    ['conn_of_bob', 'bob'],
    ['conn_of_office', undefined],
  ] as const) {
    await database.repositories.connections.put({
      ...performerConnection,
      id,
      account: `${id}@example.com`,
      owner,
    });
  }
});
afterAll(() => database.drop());

const inRoomOf = (connection: string) => ({
  room: 'Studio 2',
  roomCalendar: { provider: 'google', connection, email: 'studio@resource.calendar.google.com' },
});
const slotOf = (connection: string) => ({
  start: '2026-12-02T10:00',
  end: '2026-12-02T10:30',
  zone: 'Europe/Paris',
  ...inRoomOf(connection),
});
const windowOf = (connection: string) => ({
  earliest: '2026-12-01T09:00',
  latest: '2026-12-01T11:00',
  durationMinutes: 60,
  zone: 'Europe/Paris',
  ...inRoomOf(connection),
});

type Send = (connection: string) => Promise<{ readonly status: number; readonly body: unknown }>;

const create = async (): Promise<Send> => {
  const test = await createTestApi(database);
  const key = await test.keyFor('backend');
  const [one, director] = auditionRequest().participants;
  const participants = [{ ...one, id: performer.id }, director];
  return (connection) =>
    test.call('POST', '/v1/auditions', {
      key,
      body: auditionRequest({ participants, slot: slotOf(connection) }),
      headers: { 'idempotency-key': crypto.randomUUID() },
    });
};

const search = async (): Promise<Send> => {
  const test = await createTestApi(database, { findRoomBusy: async () => [] });
  const key = await test.keyFor('backend');
  const participants = [{ id: performer.id, zone: 'Europe/Paris' }];
  return (connection) =>
    test.call('POST', '/v1/availability', { key, body: { slot: windowOf(connection), participants } });
};

const command = (name: string, bodyOf: (slot: object) => object) => async (): Promise<Send> => {
  const { ask } = await createCommandedAudition(database);
  return (connection) => ask(name, bodyOf(slotOf(connection)), { 'idempotency-key': crypto.randomUUID() });
};

const reopen = async (): Promise<Send> => {
  const { ask, orchestration } = await createCommandedAudition(database, {
    type: 'decided',
    decision: 'released',
  });
  orchestration.override({ reopen: async () => ({ kind: 'done', result: { kind: 'held', sequence: 8 } }) });
  return (connection) =>
    ask('reopen', { to: 'session', slot: slotOf(connection) }, { 'idempotency-key': crypto.randomUUID() });
};

describe('the account that books a room', () => {
  it.each([
    ['a new audition', create, 201, '/slot'],
    ['a move', command('reschedule', (slot) => ({ slot })), 200, '/slot'],
    [
      'a callback',
      command('decide', (slot) => ({ decision: 'callback', next: { slot } })),
      200,
      '/next/slot',
    ],
    ['a reopened audition', reopen, 200, '/slot'],
    ['a search', search, 200, '/slot'],
  ])('belongs to a participant or to the organization: %s', async (_name, setup, status, pointer) => {
    const send = await setup();
    for (const connection of ['conn_of_ada', 'conn_of_office']) {
      expect(await send(connection)).toMatchObject({ status });
    }
    expect(await send('conn_of_bob')).toMatchObject({
      status: 422,
      body: { code: 'unknown_connection', errors: [{ pointer: `${pointer}/roomCalendar/connection` }] },
    });
  });
});
