/** Tests how the calendars of a requested audition are resolved into its plan. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditionRequest, createTestApi, performerConnection } from '../../../../tests/harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const setup = async () => {
  const test = await createTestApi(database);
  const key = await test.keyFor('backend');
  const post = (body: unknown, idempotencyKey: string = crypto.randomUUID()) =>
    test.call('POST', '/v1/auditions', { key, body, headers: { 'idempotency-key': idempotencyKey } });
  return { ...test, post };
};

const [performer, director] = auditionRequest().participants;
const withPerformer = (changes: object) => ({ participants: [{ ...performer, ...changes }, director] });

const google = (connection: string, calendarId?: string) => ({
  provider: 'google',
  connection,
  ...(calendarId === undefined ? {} : { calendarId }),
});

const primary = (connection: string) => google(connection, 'primary');

describe('the calendars of a request', () => {
  it('are resolved into the plan by the choice of the owner, which is read once', async () => {
    const { connections } = database.repositories;
    const chosen = { ...performerConnection, id: 'conn_chosen' } as const;
    await connections.put(chosen);
    await connections.putChoice(chosen.organization, chosen.id, {
      written: { calendarId: 'work', name: 'Work' },
      busy: [{ calendarId: 'family', name: 'Family' }],
    });
    const { post, orchestration } = await setup();
    const body = auditionRequest(withPerformer({ calendar: google('conn_chosen') }));
    const key = crypto.randomUUID();
    expect((await post(body, key)).status).toBe(201);
    const [planned] = orchestration.started.at(-1)?.participants ?? [];
    expect(planned).toMatchObject({
      calendar: google('conn_chosen', 'work'),
      busyCalendars: [google('conn_chosen', 'family')],
    });
    await connections.putChoice(chosen.organization, chosen.id, { busy: [] });
    expect((await post(body, key)).status).toBe(201);
    expect(orchestration.started).toHaveLength(1);
  });

  it('are those of the participant or of the organization, and of no other person', async () => {
    const { connections } = database.repositories;
    const [ada] = auditionRequest().participants;
    for (const [id, owner] of [
      ['conn_of_ada', ada?.id],
      ['conn_of_bob', 'bob'],
      ['conn_of_office', undefined],
    ] as const) {
      await connections.put({ ...performerConnection, id, account: `${id}@example.com`, owner });
    }
    const { post } = await setup();
    const requested = (changes: object) => post(auditionRequest(withPerformer(changes)));
    expect((await requested({ calendar: primary('conn_of_ada') })).status).toBe(201);
    expect((await requested({ calendar: primary('conn_of_office') })).status).toBe(201);
    expect(await requested({ calendar: primary('conn_of_bob') })).toMatchObject({
      status: 422,
      body: {
        code: 'unknown_connection',
        errors: [{ pointer: '/participants/0/calendar/connection' }],
      },
    });
    expect(await requested({ busyCalendars: [primary('conn_of_bob')] })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/participants/0/busyCalendars/0/connection' }] },
    });
  });

  it('do not make the account of another person the host of the meeting', async () => {
    const { connections } = database.repositories;
    const [ada] = auditionRequest().participants;
    for (const [id, owner] of [
      ['conn_host_ada', ada?.id],
      ['conn_host_bob', 'bob'],
      ['conn_host_office', undefined],
    ] as const) {
      await connections.put({
        ...performerConnection,
        provider: 'zoom',
        id,
        account: `${id}@example.com`,
        owner,
      });
    }
    const { post } = await setup();
    const hosted = (host: string) => post(auditionRequest({ meeting: { providers: ['zoom'], host } }));
    for (const id of ['conn_host_ada', 'conn_host_office']) {
      expect(await hosted(id)).toMatchObject({ status: 201 });
    }
    expect(await hosted('conn_host_bob')).toMatchObject({
      status: 422,
      body: { code: 'unknown_connection', errors: [{ pointer: '/meeting/host' }] },
    });
  });

  it('leave a plan without a choice as it was', async () => {
    await database.repositories.connections.put(performerConnection);
    const { post, orchestration } = await setup();
    const calendar = google(performerConnection.id, 'primary');
    expect((await post(auditionRequest(withPerformer({ calendar })))).status).toBe(201);
    const [planned] = orchestration.started[0]?.participants ?? [];
    expect(planned).toMatchObject({ calendar });
    expect(planned).not.toHaveProperty('busyCalendars');
  });

  it.each([
    ['a busy calendar of an unknown connection', { busyCalendars: [google('conn_none', 'x')] }, 422],
    ['a busy calendar without an id', { busyCalendars: [google('conn_1')] }, 400],
    ['a second calendar of a feed', { calendar: { ...google('conn_1', 'x'), provider: 'ics' } }, 400],
  ])('are refused with %s', async (_, change, status) => {
    const { post, orchestration } = await setup();
    expect((await post(auditionRequest(withPerformer(change)))).status).toBe(status);
    expect(orchestration.started).toEqual([]);
  });
});
