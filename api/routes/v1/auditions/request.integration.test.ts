/** POST /v1/auditions: what is refused, and what comes of asking more than once. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foldEvents } from '../../../../domain/audition/view.ts';
import { Refusal } from '../../../../domain/errors.ts';
import { auditionRequest, createTestApi, startFacts, type TestApi } from '../../../../tests/harness/api.ts';
import { trail } from '../../../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const setup = async () => {
  const test = await createTestApi(database);
  const key = await test.keyFor('backend');
  const post = (body: unknown, idempotencyKey: string | undefined = crypto.randomUUID(), headers = {}) =>
    test.call('POST', '/v1/auditions', {
      key,
      body,
      headers: { ...(idempotencyKey === '' ? {} : { 'idempotency-key': idempotencyKey }), ...headers },
    });
  return { ...test, key, post };
};

const rows = async (): Promise<Record<string, number>> => {
  const { rows: counted } = await database.pool.query<{
    events: number;
    auditions: number;
    requests: number;
  }>(
    `SELECT (SELECT count(*)::int FROM audit_events) AS events,
            (SELECT count(*)::int FROM auditions) AS auditions,
            (SELECT count(*)::int FROM idempotent_requests) AS requests`,
  );
  return { ...counted[0] };
};

const [performer, director] = auditionRequest().participants;
const slot = auditionRequest().slot;
const withPerformer = (changes: object) => ({ participants: [{ ...performer, ...changes }, director] });

describe('bad input', () => {
  const cases: readonly [string, Record<string, unknown>, string, number, string | undefined][] = [
    ['a field that is missing', { project: undefined }, 'invalid_body', 400, '/project'],
    ['a field nobody knows', { colour: 'red' }, 'invalid_body', 400, '/colour'],
    ['a slot of neither kind', { slot: { start: 'soon' } }, 'invalid_body', 400, '/slot/start'],
    [
      'a date that does not exist',
      { slot: { ...slot, start: '2026-11-31T10:00' } },
      'invalid_body',
      400,
      '/slot/start',
    ],
    ['an email that is none', withPerformer({ email: 'ada' }), 'invalid_body', 400, '/participants/0/email'],
    [
      'a zone that does not exist',
      { slot: { ...slot, zone: 'Europe/Atlantis' } },
      'unknown_zone',
      422,
      '/slot/zone',
    ],
    [
      "a participant's zone that does not exist",
      withPerformer({ zone: 'Mars/Base' }),
      'unknown_zone',
      422,
      '/participants/0/zone',
    ],
    [
      'a slot in the past',
      { slot: { ...slot, start: '2026-11-23T10:00', end: '2026-11-23T10:30' } },
      'slot_in_the_past',
      409,
      '/slot/start',
    ],
    [
      'an end before its start',
      { slot: { ...slot, end: '2026-12-01T09:30' } },
      'slot_ends_before_start',
      422,
      '/slot/start',
    ],
    ['a slot of days', { slot: { ...slot, end: '2026-12-03T10:00' } }, 'slot_too_long', 422, '/slot/end'],
    [
      'a local time inside a DST gap',
      { slot: { ...slot, start: '2027-03-28T02:30', end: '2027-03-28T03:30' } },
      'local_time_in_gap',
      422,
      '/slot/start',
    ],
    [
      'a local time that a DST overlap shows twice',
      { slot: { ...slot, start: '2027-10-31T02:30', end: '2027-10-31T03:30' } },
      'local_time_ambiguous',
      422,
      '/slot/start',
    ],
    [
      'the same participant twice',
      { participants: [performer, performer] },
      'duplicate_participant',
      422,
      '/participants/1/id',
    ],
    ['nobody to be seen', { participants: [director] }, 'performer_missing', 422, '/participants'],
    [
      'a channel without an address',
      withPerformer({ channels: ['sms'] }),
      'channel_without_address',
      422,
      '/participants/0/channels',
    ],
    [
      'a connection of nobody',
      withPerformer({ calendar: { provider: 'google', connection: 'conn_none', calendarId: 'primary' } }),
      'unknown_connection',
      422,
      '/participants/0/calendar/connection',
    ],
    [
      'a slot of a year mistyped',
      { slot: { ...slot, start: '2062-12-01T10:00', end: '2062-12-01T10:30' } },
      'slot_too_far_ahead',
      422,
      '/slot/start',
    ],
    [
      'a zone in another spelling',
      withPerformer({ zone: 'EUROPE/PARIS' }),
      'unknown_zone',
      422,
      '/participants/0/zone',
    ],
    [
      'patience of nothing',
      { policy: { stepPatience: 'PT0S' } },
      'duration_too_short',
      422,
      '/policy/stepPatience',
    ],
    [
      'a name with half a character',
      withPerformer({ name: 'Ada \ud800' }),
      'invalid_body',
      400,
      '/participants/0/name',
    ],
    ['a room with a NUL', { slot: { ...slot, room: 'Studio\0' } }, 'invalid_body', 400, '/slot/room'],
    ['neither a meeting nor a room', { meeting: undefined }, 'meeting_or_room_missing', 422, '/meeting'],
  ];

  it.each(cases)(
    'refuses %s, and leaves no workflow and no row',
    async (_what, changes, code, status, pointer) => {
      const { post, orchestration } = await setup();
      const before = await rows();
      const { status: answered, body } = await post(auditionRequest(changes));
      expect(body).toMatchObject({
        code,
        status,
        errors: expect.arrayContaining([expect.objectContaining({ pointer })]),
      });
      expect(body).toHaveProperty('whatToDo', expect.stringMatching(/\w/));
      expect(answered).toBe(status);
      expect(orchestration.started).toEqual([]);
      expect(await rows()).toEqual(before);
    },
  );

  it("refuses another organization's connection as if it did not exist", async () => {
    const { post } = await setup();
    await database.repositories.connections.put({
      id: 'conn_south',
      organization: 'org_south',
      provider: 'google',
      account: 'south@example.com',
      refreshToken: 'secret',
    });
    const calendar = { provider: 'google', connection: 'conn_south', calendarId: 'primary' };
    const { body } = await post(auditionRequest(withPerformer({ calendar })));
    expect(body).toMatchObject({ code: 'unknown_connection' });
  });

  it('refuses a request without an Idempotency-Key', async () => {
    const { post } = await setup();
    const { status, body } = await post(auditionRequest(), '');
    expect([status, body]).toMatchObject([400, { code: 'idempotency_key_missing' }]);
  });

  it('refuses an Idempotency-Key that is malformed', async () => {
    const { post } = await setup();
    const { status, body } = await post(auditionRequest(), 'x'.repeat(256));
    expect([status, body]).toMatchObject([400, { code: 'invalid_body', errors: [{ in: 'header' }] }]);
  });
});

describe('a request for an audition', () => {
  it('answers 201 with the audition and its address once the slot is held', async () => {
    const { post, orchestration } = await setup();
    const { status, headers, body } = await post(auditionRequest());
    const [plan] = orchestration.started;
    expect(status).toBe(201);
    expect(headers['location']).toBe(`/v1/auditions/${plan?.id}`);
    expect(body).toMatchObject({ id: plan?.id, state: 'scheduling', organization: 'org_north' });
    expect(plan?.wish).toMatchObject({ slot: { start: '2026-12-01T09:00:00.000Z' } });
  });

  it('carries its correlation id into the plan', async () => {
    const { post, orchestration } = await setup();
    const { headers } = await post(auditionRequest(), undefined, { 'x-correlation-id': 'call-sheet-7' });
    expect(headers['x-correlation-id']).toBe('call-sheet-7');
    expect(orchestration.started[0]?.correlationId).toBe('call-sheet-7');
  });

  it('answers the same request with the same answer, and says that it is a replay', async () => {
    const { post, orchestration } = await setup();
    const idempotencyKey = crypto.randomUUID();
    const first = await post(auditionRequest(), idempotencyKey);
    const again = await post(auditionRequest(), idempotencyKey);
    expect(again.body).toEqual(first.body);
    expect([first, again].map(({ status }) => status)).toEqual([201, 201]);
    expect([first, again].map(({ headers }) => headers['idempotency-replayed'])).toEqual([undefined, 'true']);
    expect(again.headers['location']).toBe(first.headers['location']);
    expect(orchestration.started).toHaveLength(1);
  });

  it('takes the order of fields for no other request', async () => {
    const { post } = await setup();
    const idempotencyKey = crypto.randomUUID();
    await post(auditionRequest(), idempotencyKey);
    const reversed = Object.fromEntries(Object.entries(auditionRequest()).toReversed());
    expect((await post(reversed, idempotencyKey)).headers['idempotency-replayed']).toBe('true');
  });

  it('refuses another body under the same key', async () => {
    const { post } = await setup();
    const idempotencyKey = crypto.randomUUID();
    await post(auditionRequest(), idempotencyKey);
    const { status, body } = await post(auditionRequest({ notes: 'other' }), idempotencyKey);
    expect([status, body]).toMatchObject([422, { code: 'idempotency_key_reused' }]);
  });

  it('lets a refused request be put right under the same key', async () => {
    const { post } = await setup();
    const idempotencyKey = crypto.randomUUID();
    await post(auditionRequest({ participants: [director] }), idempotencyKey);
    expect((await post(auditionRequest(), idempotencyKey)).status).toBe(201);
  });

  it('gives two organizations with one key two auditions', async () => {
    const test = await setup();
    const other = await test.keyFor('backend', 'org_south');
    const headers = { 'idempotency-key': crypto.randomUUID() };
    const [mine, theirs] = await Promise.all(
      [test.key, other].map((key) =>
        test.call('POST', '/v1/auditions', { key, body: auditionRequest(), headers }),
      ),
    );
    expect(mine?.status).toBe(201);
    expect(theirs?.status).toBe(201);
    expect(new Set(test.orchestration.started.map(({ id }) => id)).size).toBe(2);
  });

  it('sent 50 times at once makes one audition, and all get the same answer', async () => {
    const { post, orchestration } = await setup();
    const idempotencyKey = crypto.randomUUID();
    const all = await Promise.all(Array.from({ length: 50 }, () => post(auditionRequest(), idempotencyKey)));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(all.map(({ text }) => text)).size).toBe(1);
    expect(orchestration.started).toHaveLength(1);
  });
});

const refuseSlots = ({ orchestration }: TestApi): void => {
  orchestration.override({
    start: async (plan) => {
      const events = trail(startFacts(plan, 'taken'));
      await database.repositories.events.append(plan.id, events);
      return { kind: 'done', result: { kind: 'refused', reason: 'taken', view: foldEvents(events) } };
    },
  });
};

describe('a slot that is refused', () => {
  it('is answered with 409, and again with the same under the same key', async () => {
    const test = await setup();
    refuseSlots(test);
    const idempotencyKey = crypto.randomUUID();
    const first = await test.post(auditionRequest(), idempotencyKey);
    const again = await test.post(auditionRequest(), idempotencyKey);
    expect([first.status, first.body]).toMatchObject([409, { code: 'slot_taken' }]);
    expect(first.headers['content-type']).toMatch('application/problem+json');
    expect(again.body).toEqual(first.body);
  });

  it('is remembered by the trail when the answer was lost with the process', async () => {
    const test = await setup();
    refuseSlots(test);
    const idempotencyKey = crypto.randomUUID();
    await test.post(auditionRequest(), idempotencyKey);
    await database.pool.query('UPDATE idempotent_requests SET status = NULL, body = NULL');
    test.orchestration.override({ start: async () => ({ kind: 'ended' }) });
    const { status, body } = await test.post(auditionRequest(), idempotencyKey);
    expect([status, body]).toMatchObject([409, { code: 'slot_taken' }]);
  });
});

describe('a start that cannot be waited for', () => {
  it('is answered with 202 and the audition as it is when it takes longer', async () => {
    const { post, orchestration } = await setup();
    orchestration.override({
      start: async (plan) => {
        await database.repositories.events.append(plan.id, trail(startFacts(plan).slice(0, 2)));
        return { kind: 'still_working' };
      },
    });
    const { status, body, headers } = await post(auditionRequest());
    expect([status, body]).toMatchObject([202, { state: 'holding' }]);
    expect(headers['retry-after']).toBeDefined();
  });

  it('is answered with 503 while Temporal is away, and goes on under the same key afterwards', async () => {
    const { post, orchestration } = await setup();
    const idempotencyKey = crypto.randomUUID();
    const away = new Refusal('temporarily_unavailable', 'away', 'later');
    orchestration.override({ start: () => Promise.reject(away) });
    const { status, body, headers } = await post(auditionRequest(), idempotencyKey);
    expect([status, body]).toMatchObject([503, { code: 'temporarily_unavailable' }]);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    orchestration.override({});
    expect((await post(auditionRequest(), idempotencyKey)).status).toBe(201);
  });

  it('keeps the key bound to its body after an outage, since nobody knows what came of it', async () => {
    const { post, orchestration } = await setup();
    const idempotencyKey = crypto.randomUUID();
    orchestration.override({
      start: () => Promise.reject(new Refusal('temporarily_unavailable', 'away', 'later')),
    });
    await post(auditionRequest(), idempotencyKey);
    orchestration.override({});
    const { body } = await post(auditionRequest({ notes: 'other' }), idempotencyKey);
    expect(body).toMatchObject({ code: 'idempotency_key_reused' });
  });
});
