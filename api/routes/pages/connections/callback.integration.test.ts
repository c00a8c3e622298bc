/** Tests the OAuth callback. */
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../../../db/digest.ts';
import { authorizationRequests } from '../../../../db/schema/authorization-requests.ts';
import { setUpConnectionFlow } from '../../../../tests/harness/connection-flow.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const setup = async (shared: { readonly accounts?: string } = {}) => {
  const test = await setUpConnectionFlow(database, shared);
  const link = await test.linkFrom('/v1/connections/page?owner=ann');
  return { ...test, link };
};

const back = 'https://auditions.example.com/settings?tab=accounts';
const authorize = `/v1/connections/google/authorize?${new URLSearchParams({ owner: 'ann', returnTo: back }).toString()}`;

describe('a consent', () => {
  it('connects the account, and redirects to the page on which it began', async () => {
    const { connect, only, person, link, authorizers } = await setup();
    const answer = await connect('ann@example.com', link);
    expect(answer).toMatchObject({ status: 303, redirectsTo: `${link}?done=connected&provider=google` });
    expect(await only()).toMatchObject({
      provider: 'google',
      owner: 'ann',
      account: 'ann@example.com',
      status: 'connected',
    });
    const page = await person.open(answer.redirectsTo ?? '');
    expect(page.text).toContain('Your Google account is connected.');
    expect(authorizers.lastAuthorizationRequest()).toMatchObject({
      redirectUri: 'https://auditions.example.com/v1/connections/google/callback',
      scopes: ['openid', 'calendar.events'],
      state: expect.stringMatching(/^[\w-]{43}$/),
      codeChallenge: expect.stringMatching(/^[\w-]{43}$/),
    });
  });

  it('with a return address redirects to the platform with the status and the connection', async () => {
    const { connect, only, linkFrom } = await setup();
    const answer = await connect('ann@example.com', await linkFrom(authorize));
    const { id } = await only();
    expect(answer).toMatchObject({ status: 303, redirectsTo: `${back}&connection=${id}&status=connected` });
  });

  it('without a page to return to shows a confirmation page', async () => {
    const { begin, link, person, authorizers, callback, state } = await setup();
    await begin(link);
    person.cookies.delete('__Host-castmatch-page');
    const code = authorizers.consent({ account: 'ann@example.com' });
    expect(await person.open(callback({ state: state(), code }))).toMatchObject({
      status: 200,
      text: expect.stringContaining('<h1>Your Google account is connected</h1>'),
    });
  });

  it('for a known account keeps its connection, and signals what waits for it', async () => {
    const { connect, only, connections, requireReauthorization, organization, repositories, link } =
      await setup();
    await connect('ann@example.com', link);
    const { id } = await only();
    const restoredEvents = async () =>
      (await repositories.inbox.claim(100, 1)).filter(({ kind }) => kind === 'connection.restored');
    expect(await restoredEvents()).toEqual([]);
    await requireReauthorization(id);
    await connect('ann@example.com', link);
    expect(await connections()).toMatchObject([{ id, status: 'connected' }]);
    const [event, ...others] = await restoredEvents();
    expect(others).toEqual([]);
    expect(await event?.decrypt()).toEqual({
      kind: 'connection.restored',
      event: { organization, connection: id, principal: 'participant:ann' },
    });
  });

  it('for a reconnection requests the same account and the scopes granted before', async () => {
    const { connect, only, begin, link, authorizers, person } = await setup();
    await connect('ann@example.com', link, ['openid', 'calendar.events', 'calendar.names']);
    const { id } = await only();
    await person.submit(await person.open(link), { to: '/connect', having: { connection: id } });
    expect(authorizers.lastAuthorizationRequest()).toMatchObject({
      loginHint: 'ann@example.com',
      scopes: ['openid', 'calendar.events', 'calendar.names'],
    });
    await begin(link);
    expect(authorizers.lastAuthorizationRequest()).toMatchObject({ scopes: ['openid', 'calendar.events'] });
    expect(authorizers.lastAuthorizationRequest().loginHint).toBeUndefined();
  });

  it('for another account than the one to reconnect changes nothing, and is revoked', async () => {
    const { connect, only, requireReauthorization, linkFrom, authorizers, person, callback, state } =
      await setup();
    await connect('ann@example.com');
    const { id } = await only();
    await requireReauthorization(id);
    const again = await linkFrom(`/v1/connections/google/authorize?connection=${id}`);
    await person.submit(await person.open(again), { to: '/connect', having: { connection: id } });
    const code = authorizers.consent({ account: 'bob@example.com' });
    const answer = await person.open(callback({ state: state(), code }));
    expect(answer).toMatchObject({ status: 409, text: expect.stringContaining('That was another account') });
    expect(await only()).toMatchObject({ id, status: 'needs_reauthorization', account: 'ann@example.com' });
    expect(authorizers.revoked).toEqual([expect.stringContaining('refresh-bob@example.com')]);
  });
});

describe('a denied or partial consent', () => {
  it('shows a page, and stores nothing', async () => {
    const { begin, link, person, callback, state, connections } = await setup();
    await begin(link);
    const answer = await person.open(callback({ state: state(), error: 'access_denied' }));
    expect(answer).toMatchObject({ status: 403, text: expect.stringContaining('You did not agree') });
    expect(answer.text).toContain(`href="${link}"`);
    expect(await connections()).toEqual([]);
  });

  it('redirects to the return address of the platform', async () => {
    const { begin, linkFrom, person, callback, state } = await setup();
    await begin(await linkFrom(authorize));
    expect(await person.open(callback({ state: state(), error: 'access_denied' }))).toMatchObject({
      status: 303,
      redirectsTo: `${back}&status=denied`,
    });
  });

  it('without a required scope connects nothing, shows the missing scope, and revokes the grant', async () => {
    const { connect, connections, linkFrom, authorizers } = await setup();
    const answer = await connect('nowhere@example.com', await linkFrom(authorize), ['openid']);
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('Something that is needed was not allowed');
    expect(answer.text).toContain('<li>calendar.events</li>');
    expect(answer.text).toContain(`href="${back.replace('&', '&amp;')}&amp;status=failed"`);
    expect(await connections()).toEqual([]);
    expect(authorizers.revoked).toEqual([expect.stringContaining('refresh-nowhere@example.com')]);
  });

  it('for a connected account revokes nothing, because that would revoke all its grants', async () => {
    const { connect, only, link, authorizers } = await setup();
    await connect('ann@example.com', link);
    expect((await connect('ann@example.com', link, ['openid'])).status).toBe(403);
    expect(authorizers.revoked).toEqual([]);
    expect(await only()).toMatchObject({ status: 'connected', scopes: ['openid', 'calendar.events'] });
  });
});

it('a partial consent revokes nothing when another organization has connected the account', async () => {
  const accounts = 'of both';
  const [north, south] = [await setup({ accounts }), await setup({ accounts })];
  await south.connect('both@example.com', south.link);
  expect((await north.connect('both@example.com', north.link, ['openid'])).status).toBe(403);
  expect(north.authorizers.revoked).toEqual([]);
});

describe('a callback of a provider', () => {
  it.each([
    [{ kind: 'outage', effect: 'none' }, 503, 'does not answer just now', '5'],
    [{ kind: 'rejected_input' }, 400, 'could not be used', undefined],
    [{ kind: 'misconfigured' }, 502, 'did not accept our request', undefined],
  ] as const)('with the fault %o returns %i', async (fault, status, words, retryAfter) => {
    const { connect, connections, authorizers, link } = await setup();
    authorizers.failNextCall(fault);
    const answer = await connect('ann@example.com', link);
    expect(answer).toMatchObject({ status, text: expect.stringContaining(words) });
    expect(answer.headers['retry-after']).toBe(retryAfter);
    expect(await connections()).toEqual([]);
  });

  it.each([
    ['server_error', 503],
    ['temporarily_unavailable', 503],
    ['invalid_scope', 502],
    ['<script>alert(1)</script>', 502],
  ])('with the error %s returns %i, without the text of the error', async (error, status) => {
    const { begin, link, person, callback, state } = await setup();
    await begin(link);
    const answer = await person.open(callback({ state: state(), error }));
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain(error);
  });

  it('is accepted once: a repeated callback shows an error and changes nothing', async () => {
    const { begin, link, person, authorizers, callback, state, only } = await setup();
    await begin(link);
    const answer = callback({ state: state(), code: authorizers.consent({ account: 'ann@example.com' }) });
    expect((await person.open(answer)).status).toBe(303);
    const { version } = await only();
    expect(await person.open(answer)).toMatchObject({
      status: 409,
      text: expect.stringContaining('This was done already'),
    });
    expect((await only()).version).toBe(version);
  });

  it('with a code that was used under another state is rejected', async () => {
    const { begin, link, person, authorizers, callback, state, connections } = await setup();
    await begin(link);
    const code = authorizers.consent({ account: 'ann@example.com' });
    await begin(link);
    expect(await person.open(callback({ state: state(), code }))).toMatchObject({
      status: 400,
      text: expect.stringContaining('could not be used'),
    });
    expect(await connections()).toEqual([]);
  });

  it('in another browser changes nothing, and still works in the browser in which the flow began', async () => {
    const { begin, link, person, newPerson, authorizers, callback, state, connections } = await setup();
    await begin(link);
    const answer = callback({
      state: state(),
      code: authorizers.consent({ account: 'mallory@example.com' }),
    });
    const victim = newPerson();
    expect(await victim.open(answer)).toMatchObject({
      status: 403,
      text: expect.stringContaining('This was started in another browser'),
    });
    await victim.open(link);
    expect((await victim.open(answer)).status).toBe(403);
    expect(await connections()).toEqual([]);
    expect((await person.open(answer)).status).toBe(303);
  });

  it('at the address of another provider is rejected as unknown', async () => {
    const { begin, link, person, authorizers, callback, state, connections } = await setup();
    await begin(link);
    const code = authorizers.consent({ account: 'ann@example.com' });
    expect(await person.open(callback({ state: state(), code }, 'microsoft'))).toMatchObject({
      status: 400,
      text: expect.stringContaining('We do not know this answer'),
    });
    expect(await connections()).toEqual([]);
  });

  it('after ten minutes is rejected as expired', async () => {
    const { begin, link, person, authorizers, callback, state, connections } = await setup();
    await begin(link);
    await database.db
      .update(authorizationRequests)
      .set({ expiresAt: '2020-01-01T00:00:00.000Z' })
      .where(eq(authorizationRequests.stateHash, sha256(state())));
    const code = authorizers.consent({ account: 'ann@example.com' });
    expect(await person.open(callback({ state: state(), code }))).toMatchObject({
      status: 410,
      text: expect.stringContaining('That took too long'),
    });
    expect(await connections()).toEqual([]);
  });

  it.each([
    ['google', 'https://google.example', 303],
    ['google', 'https://evil.example', 400],
    ['google', 'https://google.example/', 400],
    ['microsoft', 'https://microsoft.example/tenant/v2.0', 303],
    ['microsoft', 'https://evil.example', 400],
    ['microsoft', 'evil', 400],
  ])('of %s with the issuer %s returns %i (RFC 9207)', async (provider, iss, status) => {
    const { begin, link, person, authorizers, callback, state } = await setup();
    await begin(link, provider);
    const code = authorizers.consent({ account: 'ann@example.com' });
    expect((await person.open(callback({ state: state(), code, iss }, provider))).status).toBe(status);
  });

  it.each([
    ['nothing', ''],
    ['no state', 'code=abc'],
    ['a made-up state', 'state=made-up&code=abc'],
    ['a denial with a made-up state', 'state=made-up&error=access_denied'],
    ['two states', 'state=a&state=b&code=c'],
    ['a state that is far too long', `state=${'x'.repeat(300)}&code=c`],
    ['a code that is far too long', `state=a&code=${'x'.repeat(5_000)}`],
    ['null characters', 'state=%00&code=%00'],
    ['a return address', 'error=access_denied&returnTo=https%3A%2F%2Fevil.example'],
  ])('without a pending authorization, with %s, is rejected with a page', async (_, query) => {
    const { person, link } = await setup();
    await person.open(link);
    const answer = await person.open(`/v1/connections/google/callback?${query}`);
    expect(answer).toMatchObject({
      status: 400,
      headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
      redirectsTo: undefined,
    });
  });

  it('of an unknown provider is rejected', async () => {
    const { person } = await setup();
    expect((await person.open('/v1/connections/apple/callback?state=a&code=b')).status).toBe(400);
  });
});
