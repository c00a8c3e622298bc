/** Tests the routes for connected accounts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setUpConnectionFlow } from '../../../../tests/harness/connection-flow.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';
import { useCalendar } from '../../../../tests/harness/used-calendar.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const setup = () => setUpConnectionFlow(database);

describe('the list of connections', () => {
  it('shows connected accounts without credentials', async () => {
    const { call, key, connect, only } = await setup();
    await connect('ann@example.com');
    const { id } = await only();
    const { status, body, text } = await call('GET', '/v1/connections', { key });
    expect(status).toBe(200);
    expect(body).toEqual({
      items: [
        {
          id,
          provider: 'google',
          owner: 'ann',
          account: 'ann@example.com',
          status: 'connected',
          scopes: ['openid', 'calendar.events'],
          connectedAt: expect.stringMatching(/Z$/),
          calendars: [],
          problems: [],
        },
      ],
    });
    expect(text).not.toMatch(/refresh-ann|access-/);
  });

  it('shows which calendars cannot be read, or are read without notifications', async () => {
    const { call, key, connect, only } = await setup();
    await connect('ann@example.com');
    const { id, organization } = await only();
    const { repositories } = database;
    const { syncedCalendars, unreadableEvents } = repositories;
    const one = await useCalendar(repositories, { organization, connection: id, calendarId: 'one' });
    const two = await useCalendar(repositories, { organization, connection: id, calendarId: 'two' });
    await syncedCalendars.markUnavailable(one, 'not_found');
    await syncedCalendars.setPushError(two, 'not_permitted');
    for (const calendarName of ['google/one', 'google/two'])
      await unreadableEvents.record({
        connection: id,
        organization,
        calendarName,
        faults: ['no_start: DTSTART'],
      });
    const { body, text } = await call('GET', '/v1/connections', { key });
    const since = expect.stringMatching(/^2.*Z$/);
    expect(Object(body).items[0]).toMatchObject({
      calendars: [
        { state: 'unavailable', error: 'not_found', errorSince: since },
        { state: 'new', pushError: 'not_permitted' },
      ],
      problems: [
        { kind: 'calendar_not_found', since },
        { kind: 'events_unreadable', since },
        { kind: 'events_unreadable', since },
      ],
    });
    expect(text).not.toContain('calendar:');
  });

  it('is filtered by owner, provider and status', async () => {
    const { call, key, connect, only, requireReauthorization } = await setup();
    await connect('ann@example.com');
    const count = async (query: string) => {
      const { body } = await call('GET', `/v1/connections?${query}`, { key });
      return Object(body).items.length;
    };
    expect(await count('owner=ann&provider=google&status=connected')).toBe(1);
    expect(await count('owner=bob')).toBe(0);
    expect(await count('provider=zoom')).toBe(0);
    await requireReauthorization((await only()).id);
    expect(await count('status=connected')).toBe(0);
    expect(await count('status=needs_reauthorization')).toBe(1);
    expect((await call('GET', '/v1/connections', { key })).body).toMatchObject({
      items: [{ problems: [{ kind: 'reconnect' }] }],
    });
    expect((await call('GET', '/v1/connections?provider=facebook', { key })).status).toBe(400);
  });

  it("does not show another organization's connections", async () => {
    const [north, south] = [await setup(), await setup()];
    await north.connect('ann@example.com');
    expect((await south.call('GET', '/v1/connections', { key: south.key })).body).toEqual({ items: [] });
  });
});

describe('a link to the connections page', () => {
  it('is valid for an hour, and opens the requested page', async () => {
    const { call, key, person } = await setup();
    const { status, body } = await call('GET', '/v1/connections/google/authorize?owner=ann', { key });
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        url: expect.stringMatching(/^https:\/\/auditions\.example\.com\/connections\/[\w.-]+$/),
        expiresAt: '2026-11-24T10:00:00.000Z',
      },
    });
    const page = await person.open(String(Object(body).url));
    expect(page.text).toContain('<h1>Connect your Google account</h1>');
    expect(page.text).toContain('North Casting asks');
    expect(page.text).not.toContain('Connect Microsoft');
  });

  it.each([
    'https://auditions.example.com/settings?tab=accounts',
    'http://127.0.0.1:5173/back',
    'http://localhost/back',
  ])('can return to %s', async (returnTo) => {
    const { call, key } = await setup();
    const query = new URLSearchParams({ returnTo });
    expect((await call('GET', `/v1/connections/google/authorize?${query.toString()}`, { key })).status).toBe(
      200,
    );
  });

  it('can return to the origins of the platform', async () => {
    const { call, key } = await setup();
    const query = new URLSearchParams({ returnTo: 'https://app.example.com/settings' });
    const { status } = await call('GET', `/v1/connections/google/authorize?${query.toString()}`, { key });
    expect(status).toBe(200);
  });

  it.each([
    'https://evil.example/',
    'https://auditions.example.com.evil.example/',
    'https://auditions.example.com@evil.example/',
    'https://user:secret@auditions.example.com/',
    'http://auditions.example.com/',
    '//evil.example/',
    '/settings',
    'javascript:alert(1)',
    'https:evil.example',
    'blob:https://auditions.example.com/0f',
    'https://auditions.example.com:8443/',
    'http://127.0.0.1.evil.example/',
    'https://app.example.com.evil.example/',
    'http://app.example.com/',
  ])('cannot return to %s', async (returnTo) => {
    const { call, key } = await setup();
    const query = new URLSearchParams({ returnTo });
    expect(await call('GET', `/v1/connections/google/authorize?${query.toString()}`, { key })).toMatchObject({
      status: 422,
      body: {
        code: 'return_address_not_allowed',
        errors: [{ in: 'query', pointer: '/returnTo', detail: expect.any(String) }],
      },
    });
  });

  it('requests the required and the given optional scopes, and rejects other scopes', async () => {
    const { begin, linkFrom, authorizers, call, key } = await setup();
    await begin(await linkFrom('/v1/connections/google/authorize?scope=calendar.names%20openid'));
    expect(authorizers.lastAuthorizationRequest().scopes).toEqual([
      'openid',
      'calendar.events',
      'calendar.names',
    ]);
    expect(await call('GET', '/v1/connections/google/authorize?scope=mail.read', { key })).toMatchObject({
      status: 422,
      body: { code: 'scope_not_offered', whatToDo: expect.stringContaining('calendar.names') },
    });
  });

  it('is rejected for a provider without a configured client', async () => {
    const { call, key } = await setup();
    expect(await call('GET', '/v1/connections/zoom/authorize', { key })).toMatchObject({
      status: 422,
      body: { code: 'provider_not_offered' },
    });
    expect((await call('GET', '/v1/connections/apple/authorize', { key })).status).toBe(200);
    expect((await call('GET', '/v1/connections/facebook/authorize', { key })).status).toBe(400);
  });

  it('is rejected for a connection of another organization, provider or owner', async () => {
    const [north, south] = [await setup(), await setup()];
    await north.connect('ann@example.com');
    const { id } = await north.only();
    const ask = async (path: string, { call, key } = north) =>
      (await call('GET', `/v1/connections/${path}&connection=${id}`, { key })).status;
    expect(await ask('google/authorize?owner=ann')).toBe(200);
    expect(await ask('microsoft/authorize?owner=ann')).toBe(404);
    expect(await ask('google/authorize?owner=bob')).toBe(404);
    expect(await ask('google/authorize?owner=ann', south)).toBe(404);
  });
});

describe('disconnecting an account', () => {
  it('revokes the grant, erases the account, and is recorded as an administrative act', async () => {
    const { call, key, connect, only, repositories, organization, authorizers } = await setup();
    await connect('ann@example.com');
    const { id } = await only();
    const answer = await call('DELETE', `/v1/connections/${id}`, { key });
    expect(answer).toMatchObject({
      status: 200,
      body: { id, status: 'disconnected', revocation: 'revoked' },
    });
    expect(authorizers.revoked).toEqual([expect.stringContaining('refresh-ann@example.com')]);
    expect(await only()).toMatchObject({ status: 'disconnected', account: undefined });
    const { items } = await repositories.administrativeActs.list(organization, { limit: 10 });
    const done = {
      by: `admin of ${organization}`,
      role: 'admin',
      target: id,
      correlationId: answer.headers['x-correlation-id'],
    };
    expect(items).toMatchObject([
      { ...done, act: 'connection.revoked', detail: { provider: 'google', revocation: 'revoked' } },
      { ...done, act: 'connection.disconnected', detail: { provider: 'google' } },
      { act: 'connection.connected', by: 'owner:ann', role: 'owner', target: id },
    ]);
  });

  it('is idempotent and recorded once', async () => {
    const { call, key, connect, only, repositories, organization, authorizers } = await setup();
    await connect('ann@example.com');
    const { id } = await only();
    await call('DELETE', `/v1/connections/${id}`, { key });
    expect(await call('DELETE', `/v1/connections/${id}`, { key })).toMatchObject({
      status: 200,
      body: { status: 'disconnected', revocation: 'nothing' },
    });
    expect(authorizers.revoked).toHaveLength(1);
    const { items } = await repositories.administrativeActs.list(organization, { limit: 10 });
    expect(items.filter(({ act }) => act === 'connection.disconnected')).toHaveLength(1);
  });

  it.each([
    [{ kind: 'outage', effect: 'unknown' }, 'pending'],
    [{ kind: 'rejected_input' }, 'failed'],
  ] as const)(
    'erases the account and reports the revocation when the provider fails with %o',
    async (fault, revocation) => {
      const { call, key, connect, only, authorizers } = await setup();
      await connect('ann@example.com');
      const { id } = await only();
      authorizers.failNextCall(fault);
      expect((await call('DELETE', `/v1/connections/${id}`, { key })).body).toMatchObject({
        status: 'disconnected',
        revocation,
      });
      expect((await only()).status).toBe('disconnected');
    },
  );

  it('erases the account and stores its grant for revocation before it calls the provider', async () => {
    const { call, key, connect, only, authorizers, organization } = await setup();
    await connect('ann@example.com');
    const { id } = await only();
    const pendingRevocations = async () => {
      const { rows } = await database.pool.query(
        'SELECT connection FROM pending_revocations WHERE organization = $1 AND revoked_at IS NULL',
        [organization],
      );
      return rows;
    };
    let seen: unknown;
    authorizers.onRevoke(async () => {
      seen = { status: (await only()).status, pending: await pendingRevocations() };
    });
    await call('DELETE', `/v1/connections/${id}`, { key });
    expect(seen).toEqual({ status: 'disconnected', pending: [{ connection: id }] });
    expect(await pendingRevocations()).toEqual([]);
  });

  it('does not revoke the grant while another organization has connected the account', async () => {
    const { call, key, connect, only, authorizers } = await setup();
    await connect('ann@example.com');
    const { id, accountId = '' } = await only();
    const south = {
      organization: 'org_with_the_same_account',
      owner: undefined,
      provider: 'google',
    } as const;
    const connected = await database.repositories.connections.connect({
      ...south,
      grant: {
        account: { id: accountId, name: 'ann@example.com' },
        scopes: [],
        credential: { kind: 'oauth', refreshToken: 'other' },
      },
    });
    expect((await call('DELETE', `/v1/connections/${id}`, { key })).body).toMatchObject({
      status: 'disconnected',
      revocation: 'pending',
    });
    expect(authorizers.revoked).toEqual([]);
    expect(connected).toMatchObject({ kind: 'connected' });
  });

  it("returns 404 for another organization's connection and for an unknown one", async () => {
    const [north, south] = [await setup(), await setup()];
    await north.connect('ann@example.com');
    const { id } = await north.only();
    for (const unknownId of [id, 'conn_nobody']) {
      expect(await south.call('DELETE', `/v1/connections/${unknownId}`, { key: south.key })).toMatchObject({
        status: 404,
        body: { code: 'connection_not_found' },
      });
    }
    expect((await north.only()).status).toBe('connected');
  });
});

describe('the calendars of a connection', () => {
  it('are not listed for a provider whose ids need no listing, nor for an unknown connection', async () => {
    const { call, key, connect, only } = await setup();
    await connect('ann@example.com');
    const { id } = await only();
    expect(await call('GET', `/v1/connections/${id}/calendars`, { key })).toMatchObject({
      status: 422,
      body: { code: 'provider_not_offered' },
    });
    expect(await call('GET', '/v1/connections/conn_nobody/calendars', { key })).toMatchObject({
      status: 404,
      body: { code: 'connection_not_found' },
    });
  });
});
