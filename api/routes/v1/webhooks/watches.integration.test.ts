/** Tests Google's and Microsoft's notifications of watched calendars. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { toInstant } from '../../../../domain/time/epoch.ts';
import { createTestApi } from '../../../../tests/harness/api.ts';
import { claimFromInbox, createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';
import { loadLimits } from '../../../access/load-shedding.ts';
import { rateLimits } from '../../../access/rate-limits.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(() => database.pool.query('TRUNCATE webhook_inbox, watch_subscriptions'));
afterAll(() => database.drop());

const watch = (provider: 'google' | 'microsoft', id: string, secret: string, resourceId?: string) =>
  database.repositories.watchSubscriptions.put({
    id,
    provider,
    organization: 'org_north',
    connection: `conn_of_${id}`,
    calendarId: 'primary',
    ...(resourceId && { resourceId }),
    secret,
    expiresAt: toInstant(Date.now() + 3_600_000),
  });
const inboxEvents = async () => (await claimFromInbox(database)).map(({ inboxEvent }) => inboxEvent);

describe('a notification of Google', () => {
  const headers = {
    'x-goog-channel-id': 'channel-1',
    'x-goog-channel-token': 'token-1',
    'x-goog-resource-id': 'resource-1',
    'x-goog-resource-state': 'exists',
    'x-goog-message-number': '10',
  };
  const setup = async () => {
    await watch('google', 'channel-1', 'token-1', 'resource-1');
    const { call } = await createTestApi(database);
    return (changes: Record<string, string> = {}) =>
      call('POST', '/v1/webhooks/google', { headers: { ...headers, ...changes } });
  };

  it('stores a change, once for each message number', async () => {
    const send = await setup();
    for (const number of ['10', '10', '12']) {
      expect((await send({ 'x-goog-message-number': number })).status).toBe(204);
    }
    const changed = {
      kind: 'calendar.changed',
      event: { connection: 'conn_of_channel-1', calendarId: 'primary' },
    };
    expect(await inboxEvents()).toEqual([changed, changed]);
  });

  it('without a number that can be read stores a change each time', async () => {
    const send = await setup();
    for (const number of ['ten', 'ten', '']) {
      expect((await send({ 'x-goog-message-number': number })).status).toBe(204);
    }
    expect(await inboxEvents()).toHaveLength(3);
  });

  // The type in https://developers.google.com/workspace/calendar/api/guides/push, and the type that Google really sends.
  it.each(['application/json; utf-8', 'application/json; utf-8; charset=UTF-8'])(
    'is accepted with an empty body of the type %s',
    async (type) => {
      const send = await setup();
      expect((await send({ 'content-type': type, 'content-length': '0' })).status).toBe(204);
      expect(await inboxEvents()).toHaveLength(1);
    },
  );

  it('that opens a channel stores no change', async () => {
    const send = await setup();
    expect((await send({ 'x-goog-resource-state': 'sync', 'x-goog-message-number': '1' })).status).toBe(204);
    expect(await inboxEvents()).toEqual([]);
    const { rows } = await database.pool.query('SELECT last_notified_at FROM watch_subscriptions');
    expect(rows).not.toEqual([{ last_notified_at: null }]);
  });

  it('that opens a channel whose opening was not answered confirms it, once', async () => {
    const { pool, repositories } = database;
    await watch('google', 'channel-1', 'token-1');
    await pool.query(
      `INSERT INTO synced_calendars (connection, calendar, organization, provider, sealed_id, push_error)
       VALUES ('conn_of_channel-1', 'primary', 'org_north', 'google', '', 'unconfirmed')`,
    );
    const { call } = await createTestApi(database);
    const send = (changes: Record<string, string> = {}) =>
      call('POST', '/v1/webhooks/google', {
        headers: { ...headers, 'x-goog-resource-state': 'sync', 'x-goog-message-number': '1', ...changes },
      });
    const stored = async () =>
      (await repositories.watchSubscriptions.listByConnection('conn_of_channel-1'))[0];
    expect((await send({ 'x-goog-channel-token': 'token-2' })).status).toBe(401);
    expect(await stored()).toMatchObject({ resourceId: undefined });
    const inTenMinutes = Math.floor(Date.now() / 1_000 + 600) * 1_000;
    const expiration = { 'x-goog-channel-expiration': new Date(inTenMinutes).toUTCString() };
    expect((await send(expiration)).status).toBe(204);
    expect(await stored()).toMatchObject({ resourceId: 'resource-1', expiresAt: toInstant(inTenMinutes) });
    const { rows } = await pool.query('SELECT push_error FROM synced_calendars');
    expect(rows).toEqual([{ push_error: null }]);
    expect((await send({ 'x-goog-resource-id': 'resource-2' })).status).toBe(401);
    expect(await stored()).toMatchObject({ resourceId: 'resource-1' });
    await pool.query('TRUNCATE synced_calendars');
  });

  it.each(['Thu, 01 Jan 1970 00:00:00 GMT', 'tomorrow', ''])(
    'that states %j as the end of its channel leaves the requested end',
    async (expiration) => {
      await watch('google', 'channel-1', 'token-1');
      const { call } = await createTestApi(database);
      const { watchSubscriptions } = database.repositories;
      const [requested] = await watchSubscriptions.listByConnection('conn_of_channel-1');
      await call('POST', '/v1/webhooks/google', {
        headers: { ...headers, 'x-goog-channel-expiration': expiration },
      });
      const [confirmed] = await watchSubscriptions.listByConnection('conn_of_channel-1');
      expect(confirmed).toEqual({ ...requested, resourceId: 'resource-1' });
      expect(await inboxEvents()).toHaveLength(1);
    },
  );

  it.each([
    ['an unknown channel', { 'x-goog-channel-id': 'channel-2' }],
    ['a wrong token', { 'x-goog-channel-token': 'token-2' }],
    ['another resource', { 'x-goog-resource-id': 'resource-2' }],
    ['no token', { 'x-goog-channel-token': '' }],
    ['invalid headers', { 'x-goog-resource-id': '' }],
  ])('is rejected with the same response: %s', async (_case, changes) => {
    const send = await setup();
    const { status, body } = await send(changes);
    const { correlationId: _id, ...problem } = Object(body);
    const other = Object((await send({ 'x-goog-channel-token': 'token-3' })).body);
    expect(status).toBe(401);
    expect(other).toMatchObject(problem);
    expect(await inboxEvents()).toEqual([]);
  });
});

const change = (subscriptionId: string, clientState: string, etag = 'W/"1"') => ({
  subscriptionId,
  clientState,
  changeType: 'updated',
  resource: 'Users/u/Events/e',
  resourceData: { id: 'e', '@odata.etag': etag },
});

const setupMicrosoft = async () => {
  await watch('microsoft', 'subscription-1', 'state-1');
  await watch('microsoft', 'subscription-2', 'state-2');
  const { call } = await createTestApi(database);
  const send = (body: unknown, query = '') => call('POST', `/v1/webhooks/microsoft${query}`, { body });
  return { call, send };
};

describe('a notification of Microsoft', () => {
  it('that validates the address is echoed as decoded plain text', async () => {
    const { call } = await setupMicrosoft();
    const token = 'Validation: Testing client <b>application</b> reachability';
    const { status, text, headers } = await call(
      'POST',
      `/v1/webhooks/microsoft?validationToken=${encodeURIComponent(token)}`,
      { headers: { 'content-type': 'text/plain; charset=utf-8' }, body: '' },
    );
    expect([status, text]).toEqual([
      200,
      'Validation: Testing client &lt;b&gt;application&lt;/b&gt; reachability',
    ]);
    expect(headers['content-type']).toMatch(/^text\/plain/);
    const long = await call('POST', `/v1/webhooks/microsoft?validationToken=${'x'.repeat(2_049)}`);
    expect(long.status).toBe(400);
  });

  it('of several subscriptions is stored for the authentic ones only', async () => {
    const { send } = await setupMicrosoft();
    const value = [
      change('subscription-1', 'state-1'),
      change('subscription-2', 'state-1'),
      change('subscription-3', 'state-1'),
    ];
    expect((await send({ value })).status).toBe(202);
    expect(await inboxEvents()).toEqual([
      { kind: 'calendar.changed', event: { connection: 'conn_of_subscription-1', calendarId: 'primary' } },
    ]);
  });

  it('is stored when another one in the same request cannot be read', async () => {
    const { send } = await setupMicrosoft();
    const odd = { ...change('subscription-1', 'state-1'), resourceData: { id: null, '@odata.etag': null } };
    const value = [null, { subscriptionId: 7 }, odd, change('subscription-2', 'state-2')];
    expect((await send({ value })).status).toBe(202);
    expect(await inboxEvents()).toHaveLength(2);
  });

  it('is deduplicated when repeated, but not for the next change of the same event', async () => {
    const { send } = await setupMicrosoft();
    const first = { value: [change('subscription-1', 'state-1')] };
    for (const body of [first, first, { value: [change('subscription-1', 'state-1', 'W/"2"')] }]) {
      expect((await send(body)).status).toBe(202);
    }
    expect(await inboxEvents()).toHaveLength(2);
  });

  it('about the lifecycle of a subscription is stored', async () => {
    const { send } = await setupMicrosoft();
    const lifecycle = { subscriptionId: 'subscription-2', clientState: 'state-2' };
    const events = ['reauthorizationRequired', 'subscriptionRemoved', 'missed', 'missed', 'newer'];
    for (const lifecycleEvent of events) {
      expect((await send({ value: [{ ...lifecycle, lifecycleEvent }] })).status).toBe(202);
    }
    expect((await inboxEvents()).map((event) => event?.kind)).toEqual([
      'subscription.reauthorization_required',
      'subscription.removed',
      'subscription.missed',
    ]);
  });

  it('that changes were missed is stored again after the first one was claimed', async () => {
    const { send } = await setupMicrosoft();
    const missed = { subscriptionId: 'subscription-2', clientState: 'state-2', lifecycleEvent: 'missed' };
    await send({ value: [missed, missed] });
    expect(await inboxEvents()).toHaveLength(1);
    await send({ value: [missed] });
    await send({ value: [missed] });
    expect(await inboxEvents()).toHaveLength(1);
  });

  it.each([
    [
      'no notification is authentic',
      { value: [change('subscription-1', 'a-guess'), change('subscription-3', '')] },
      401,
    ],
    ['it has a secret of Google', { value: [change('channel-1', 'token-1')] }, 401],
    ['an ID contains a null character', { value: [change('subscription-1\0', 'state-1')] }, 400],
    ['it is truncated', '{"value":[', 400],
    ['there is no list', {}, 400],
    ['it is too large', { value: [], filling: 'x'.repeat(262_144) }, 413],
  ])('is rejected when %s', async (_case, body, status) => {
    const { send } = await setupMicrosoft();
    await watch('google', 'channel-1', 'token-1');
    expect((await send(body)).status).toBe(status);
    expect(await inboxEvents()).toEqual([]);
  });
});

describe('forged notifications', () => {
  it('are refused by 429 above the limit of their address, where authentic ones are still accepted', async () => {
    const secret = database.repositories.watchSubscriptions.issueSecret('google', 'channel-3');
    await watch('google', 'channel-3', secret, 'resource-3');
    const limits = { ...rateLimits, ...loadLimits, forged_webhooks: { max: 2, windowMs: 60_000 } };
    const { call } = await createTestApi(database, { limits });
    const send = (token: string) =>
      call('POST', '/v1/webhooks/google', {
        headers: {
          'x-goog-channel-id': 'channel-3',
          'x-goog-channel-token': token,
          'x-goog-resource-id': 'resource-3',
          'x-goog-resource-state': 'exists',
          'x-goog-message-number': '3',
        },
      });
    const statuses: number[] = [];
    for (const token of ['a', 'b', 'c', secret, 'd']) statuses.push((await send(token)).status);
    expect(statuses).toEqual([401, 401, 429, 204, 429]);
    expect((await call('POST', '/v1/webhooks/twilio', { body: {} })).status).toBe(429);
  });

  it('are not counted when the vendor uses a subscription that has ended', async () => {
    const secret = database.repositories.watchSubscriptions.issueSecret(
      'microsoft',
      'subscription-of-the-past',
    );
    const limits = { ...rateLimits, ...loadLimits, forged_webhooks: { max: 1, windowMs: 60_000 } };
    const { call } = await createTestApi(database, { limits });
    for (let sent = 0; sent < 3; sent += 1) {
      const body = { value: [change('subscription-of-the-past', secret)] };
      expect((await call('POST', '/v1/webhooks/microsoft', { body })).status).toBe(401);
    }
  });
});
