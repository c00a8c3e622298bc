/** Tests POST /v1/auditions: validation and idempotency. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Refusal } from '../../../../domain/errors.ts';
import { auditionRequest, createTestApi, startFacts, type TestApi } from '../../../../tests/harness/api.ts';
import { storeEvents, trail } from '../../../../tests/harness/audition-trail.ts';
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

describe('an invalid request for an audition', () => {
  const cases: readonly [string, Record<string, unknown>, string, number, string | undefined][] = [
    ['a field that is missing', { project: undefined }, 'invalid_body', 400, '/project'],
    ['an unknown field', { colour: 'red' }, 'invalid_body', 400, '/colour'],
    ['an invalid slot', { slot: { start: 'soon' } }, 'invalid_body', 400, '/slot/start'],
    [
      'a date that does not exist',
      { slot: { ...slot, start: '2026-11-31T10:00' } },
      'invalid_body',
      400,
      '/slot/start',
    ],
    [
      'thousands of meeting providers',
      { meeting: { providers: Array.from({ length: 20_000 }, () => 'zoom') } },
      'invalid_body',
      400,
      '/meeting/providers',
    ],
    ['an invalid email', withPerformer({ email: 'ada' }), 'invalid_body', 400, '/participants/0/email'],
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
    [
      'a slot of several days',
      { slot: { ...slot, end: '2026-12-03T10:00' } },
      'slot_too_long',
      422,
      '/slot/end',
    ],
    [
      'a local time inside a DST gap',
      { slot: { ...slot, start: '2027-03-28T02:30', end: '2027-03-28T03:30' } },
      'local_time_in_gap',
      422,
      '/slot/start',
    ],
    [
      'a local time that exists twice in a DST overlap',
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
    ['no performer', { participants: [director] }, 'performer_missing', 422, '/participants'],
    [
      'a channel without an address',
      withPerformer({ channels: ['sms'] }),
      'channel_without_address',
      422,
      '/participants/0/channels',
    ],
    [
      'an unknown connection',
      withPerformer({ calendar: { provider: 'google', connection: 'conn_none', calendarId: 'primary' } }),
      'unknown_connection',
      422,
      '/participants/0/calendar/connection',
    ],
    [
      'a slot with a mistyped year',
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
      'a step patience of zero',
      { policy: { stepPatience: 'PT0S' } },
      'duration_too_short',
      422,
      '/policy/stepPatience',
    ],
    [
      'a name with half a surrogate pair',
      withPerformer({ name: 'Ada \ud800' }),
      'invalid_body',
      400,
      '/participants/0/name',
    ],
    ['a room with a NUL', { slot: { ...slot, room: 'Studio\0' } }, 'invalid_body', 400, '/slot/room'],
    ['neither a meeting nor a room', { meeting: undefined }, 'meeting_or_room_missing', 422, '/meeting'],
  ];

  it.each(cases)(
    'with %s is rejected without a workflow and without a row',
    async (_case, changes, code, status, pointer) => {
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

  it("with another organization's connection is rejected as unknown", async () => {
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

  it('without an Idempotency-Key is rejected', async () => {
    const { post } = await setup();
    const { status, body } = await post(auditionRequest(), '');
    expect([status, body]).toMatchObject([400, { code: 'idempotency_key_missing' }]);
  });

  it('with a malformed Idempotency-Key is rejected', async () => {
    const { post } = await setup();
    const { status, body } = await post(auditionRequest(), 'x'.repeat(256));
    expect([status, body]).toMatchObject([400, { code: 'invalid_header', errors: [{ in: 'header' }] }]);
  });
});

describe('a request for an audition', () => {
  it('returns 201 with the audition and its address once the slot is held', async () => {
    const { post, orchestration } = await setup();
    const { status, headers, body } = await post(auditionRequest());
    const [plan] = orchestration.started;
    expect(status).toBe(201);
    expect(headers['location']).toBe(`/v1/auditions/${plan?.id}`);
    expect(body).toMatchObject({ id: plan?.id, state: 'scheduling', organization: 'org_north' });
    expect(plan?.wish).toMatchObject({ slot: { start: '2026-12-01T09:00:00.000Z' } });
  });

  it('stores its correlation ID in the plan', async () => {
    const { post, orchestration } = await setup();
    const { headers } = await post(auditionRequest(), undefined, { 'x-correlation-id': 'call-sheet-7' });
    expect(headers['x-correlation-id']).toBe('call-sheet-7');
    expect(orchestration.started[0]).toMatchObject({
      correlationId: 'call-sheet-7',
      principal: expect.stringMatching(/^key_[0-9a-f]{16}$/),
    });
  });

  it('returns the same response when it is repeated, marked as a replay', async () => {
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

  it('is the same request when the fields have another order', async () => {
    const { post } = await setup();
    const idempotencyKey = crypto.randomUUID();
    await post(auditionRequest(), idempotencyKey);
    const reversed = Object.fromEntries(Object.entries(auditionRequest()).toReversed());
    expect((await post(reversed, idempotencyKey)).headers['idempotency-replayed']).toBe('true');
  });

  it('is rejected with another body under the same key', async () => {
    const { post } = await setup();
    const idempotencyKey = crypto.randomUUID();
    await post(auditionRequest(), idempotencyKey);
    const { status, body } = await post(auditionRequest({ notes: 'other' }), idempotencyKey);
    expect([status, body]).toMatchObject([422, { code: 'idempotency_key_reused' }]);
  });

  it('can be corrected under the same key after a refusal', async () => {
    const { post } = await setup();
    const idempotencyKey = crypto.randomUUID();
    await post(auditionRequest({ participants: [director] }), idempotencyKey);
    expect((await post(auditionRequest(), idempotencyKey)).status).toBe(201);
  });

  it('creates two auditions for two organizations with the same key', async () => {
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

  it('creates one audition and returns the same response when it is sent 50 times simultaneously', async () => {
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
      await storeEvents(database.repositories.events, plan.id, events);
      return {
        kind: 'done',
        result: { kind: 'refused', reason: 'taken', message: 'Another audition holds R1.', sequence: 3 },
      };
    },
  });
};

describe('a refused slot', () => {
  it('returns 409, and the same response again under the same key', async () => {
    const test = await setup();
    refuseSlots(test);
    const idempotencyKey = crypto.randomUUID();
    const first = await test.post(auditionRequest(), idempotencyKey);
    const again = await test.post(auditionRequest(), idempotencyKey);
    expect([first.status, first.body]).toMatchObject([
      409,
      { code: 'slot_taken', detail: 'Another audition holds R1.' },
    ]);
    expect(first.headers['content-type']).toMatch('application/problem+json');
    expect(again.body).toEqual(first.body);
  });

  it('is read from the trail when the response was lost in a crash', async () => {
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

describe('an audition in person', () => {
  it('needs no meeting when it has a room', async () => {
    const { post, orchestration } = await setup();
    const { status } = await post(
      auditionRequest({ meeting: undefined, slot: { ...slot, room: 'Studio 2' } }),
    );
    expect(status).toBe(201);
    expect(orchestration.started[0]).toMatchObject({
      meetingProviders: [],
      wish: { slot: { room: 'Studio 2' } },
    });
  });
});

describe("the organization's meeting providers", () => {
  it('are used when the request names neither a meeting nor a room', async () => {
    const { call, keyFor, orchestration } = await setup();
    await database.repositories.organizations.put({
      id: 'org_defaults',
      name: 'Defaults',
      meetingProviders: ['google_meet'],
    });
    const { status } = await call('POST', '/v1/auditions', {
      key: await keyFor('backend', 'org_defaults'),
      body: auditionRequest({ meeting: undefined }),
      headers: { 'idempotency-key': crypto.randomUUID() },
    });
    expect(status).toBe(201);
    expect(orchestration.started[0]).toMatchObject({ meetingProviders: ['google_meet'] });
  });
});

describe('a slow or failing start', () => {
  it('returns 202 with the current audition when it takes longer', async () => {
    const { post, orchestration } = await setup();
    orchestration.override({
      start: async (plan) => {
        await storeEvents(database.repositories.events, plan.id, trail(startFacts(plan).slice(0, 2)));
        return { kind: 'still_working' };
      },
    });
    const { status, body, headers } = await post(auditionRequest());
    expect([status, body]).toMatchObject([202, { state: 'holding' }]);
    expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
  });

  it('returns 503 while Temporal is unavailable, and succeeds later under the same key', async () => {
    const { post, orchestration } = await setup();
    const idempotencyKey = crypto.randomUUID();
    const unavailable = new Refusal('temporarily_unavailable', 'unavailable', 'later');
    orchestration.override({ start: () => Promise.reject(unavailable) });
    const { status, body, headers } = await post(auditionRequest(), idempotencyKey);
    expect([status, body]).toMatchObject([503, { code: 'temporarily_unavailable' }]);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    orchestration.override({});
    expect((await post(auditionRequest(), idempotencyKey)).status).toBe(201);
  });

  it('keeps the key bound to its body after an outage, because its effect is unknown', async () => {
    const { post, orchestration } = await setup();
    const idempotencyKey = crypto.randomUUID();
    orchestration.override({
      start: () => Promise.reject(new Refusal('temporarily_unavailable', 'unavailable', 'later')),
    });
    await post(auditionRequest(), idempotencyKey);
    orchestration.override({});
    const { body } = await post(auditionRequest({ notes: 'other' }), idempotencyKey);
    expect(body).toMatchObject({ code: 'idempotency_key_reused' });
  });
});
