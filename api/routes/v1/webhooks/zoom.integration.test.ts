/** Tests Zoom's webhooks. */
import { createHmac } from 'node:crypto';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../../../foundation/observability/logger.ts';
import { apiConfiguration, createTestApi } from '../../../../tests/harness/api.ts';
import { claimFromInbox, createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => database.pool.query('TRUNCATE webhook_inbox'));
afterAll(() => database.drop());

const textOf = (given: unknown): string => (typeof given === 'string' ? given : JSON.stringify(given));

/** The clock of the API in tests stands still. */
const nowSeconds = Date.parse('2026-11-24T09:00:00.000Z') / 1000;

const setup = async (webhookSecrets: readonly string[] = ['new-secret', 'old-secret']) => {
  const logged: string[] = [];
  const lines = new Writable({
    write(line, _encoding, done) {
      logged.push(String(line));
      done();
    },
  });
  const { call } = await createTestApi(database, {
    configuration: { ...apiConfiguration, zoom: { webhookSecrets } },
    logger: createLogger({ level: 'info', process: 'api' }, lines),
  });
  const send = (
    body: unknown,
    how: { readonly secret?: string; readonly seconds?: number; readonly signed?: unknown } = {},
  ) => {
    const { secret = 'new-secret', seconds = nowSeconds, signed = body } = how;
    const signature = createHmac('sha256', secret)
      .update(`v0:${seconds}:${textOf(signed)}`)
      .digest('hex');
    return call('POST', '/v1/webhooks/zoom', {
      body: textOf(body),
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'x-zm-request-timestamp': String(seconds),
        'x-zm-signature': `v0=${signature}`,
        'x-correlation-id': 'call-7',
      },
    });
  };
  return { call, send, logged, stored: () => claimFromInbox(database) };
};

const started = {
  event: 'meeting.started',
  event_ts: 1626230691572,
  payload: { account_id: 'a', object: { id: '1234567890', uuid: 'u==', topic: 'Ada Example' } },
};

it('the Zoom webhook stores the start and the end of a meeting once each', async () => {
  const { send, stored } = await setup();
  expect((await send({ ...started, event: 'meeting.ended' })).status).toBe(204);
  for (const secret of ['new-secret', 'old-secret'])
    expect((await send(started, { secret })).status).toBe(204);
  expect(await stored()).toMatchObject([
    { provider: 'zoom', correlationId: 'call-7', inboxEvent: { kind: 'meeting.ended' } },
    {
      inboxEvent: {
        kind: 'meeting.started',
        event: { meetingId: '1234567890', at: '2021-07-14T02:44:51.572Z' },
      },
    },
  ]);
});

it('the Zoom webhook stores the deletion of a meeting', async () => {
  const { send, stored } = await setup();
  expect((await send({ ...started, event: 'meeting.deleted' })).status).toBe(204);
  expect(await stored()).toMatchObject([
    {
      inboxEvent: {
        kind: 'meeting.deleted',
        event: { meetingId: '1234567890', at: '2021-07-14T02:44:51.572Z' },
      },
    },
  ]);
});

it('the Zoom webhook responds to the challenge with the secret that signed it, and stores nothing', async () => {
  const { send, stored } = await setup();
  const plainToken = 'qgg8vlvZRS6UYooatFL8Aw';
  const { status, body } = await send(
    { event: 'endpoint.url_validation', event_ts: 1654503849680, payload: { plainToken } },
    { secret: 'old-secret' },
  );
  const encryptedToken = createHmac('sha256', 'old-secret').update(plainToken).digest('hex');
  expect([status, body]).toEqual([200, { plainToken, encryptedToken }]);
  expect(await stored()).toEqual([]);
});

it('the Zoom webhook acknowledges an event that nothing uses, and stores nothing', async () => {
  const { send, stored } = await setup();
  expect((await send({ ...started, event: 'meeting.sharing_started' })).status).toBe(204);
  expect(await stored()).toEqual([]);
});

describe('a webhook of Zoom is rejected', () => {
  it.each([
    ['signed with another secret', started, { secret: 'a-guess' }, 401],
    [
      'an unsigned challenge',
      { event: 'endpoint.url_validation', payload: { plainToken: 'x' } },
      { secret: 'a-guess' },
      401,
    ],
    ['altered after signing', { ...started, event: 'meeting.ended' }, { signed: started }, 401],
    ['sent again after two hours', started, { seconds: nowSeconds - 7_200 }, 401],
    ['from the future', started, { seconds: nowSeconds + 360 }, 401],
    ['truncated before signing', JSON.stringify(started).slice(0, 40), {}, 400],
    ['not an event', { hello: 'world' }, {}, 400],
    ['a meeting without a number', { ...started, payload: {} }, {}, 400],
    ['too large', { ...started, filling: 'x'.repeat(262_144) }, {}, 413],
  ])('%s', async (_case, body, how, status) => {
    const { send, stored, logged } = await setup();
    const answer = await send(body, how);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ status, correlationId: 'call-7' });
    expect(await stored()).toEqual([]);
    expect(logged.join('')).toContain('call-7');
    expect(logged.join('')).not.toMatch(/new-secret|old-secret|v0=|Ada Example/);
  });

  it('when it was truncated after signing, and without a signature', async () => {
    const { send, call, stored } = await setup();
    expect((await send(JSON.stringify(started).slice(0, 40), { signed: started })).status).toBe(401);
    expect((await call('POST', '/v1/webhooks/zoom', { body: started })).status).toBe(401);
    expect(await stored()).toEqual([]);
  });

  it('always when no secret is configured, even when signed with an empty secret', async () => {
    const { send, stored } = await setup([]);
    expect((await send(started, { secret: '' })).status).toBe(401);
    expect(await stored()).toEqual([]);
  });
});

it('the Zoom webhook returns an error when the event could not be stored', async () => {
  const inbox = {
    ...database.repositories.inbox,
    receive: () => Promise.reject(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })),
  };
  const { call } = await createTestApi(database, { repositories: { ...database.repositories, inbox } });
  const body = JSON.stringify(started);
  const signature = createHmac('sha256', 'sandbox-zoom-webhook-secret')
    .update(`v0:${nowSeconds}:${body}`)
    .digest('hex');
  const { status } = await call('POST', '/v1/webhooks/zoom', {
    body,
    headers: { 'x-zm-request-timestamp': String(nowSeconds), 'x-zm-signature': `v0=${signature}` },
  });
  expect(status).toBe(503);
});

it.each([
  ['escapes that a serialization would not repeat', String.raw`\u0041da \/ 試\uD83C\uDFAD`],
  ['characters of several bytes', 'Zoë 試鏡 🎭 \u2028'],
  ['a null character', String.raw`Ada\u0000`],
  ['half a character', String.raw`\ud83c Ada`],
  ['the name of a property of all objects', '__proto__'],
])('the Zoom webhook stores who has joined, with a name of %s', async (_what, name) => {
  const { send, stored } = await setup();
  const body = `{ "payload":{"object":{"participant":{"user_name":"${name}","participant_uuid":"p-1","join_time":"2026-11-24T08:59:00Z"},"id":"1234567890","uuid":"${name}"}}, "event_ts" : 1626230691572, "event":"meeting.participant_joined" }`;
  expect((await send(body)).status).toBe(204);
  expect((await send(body)).status).toBe(204);
  expect(await stored()).toMatchObject([{ inboxEvent: { kind: 'meeting.participant_joined' } }]);
});
