/** Tests the page on which a person connects accounts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConnectionLinks } from '../../../../foundation/links/connection-link.ts';
import { connectionLinks } from '../../../../tests/harness/api.ts';
import { publicUrl, setUpConnectionFlow } from '../../../../tests/harness/connection-flow.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const setup = async () => {
  const test = await setUpConnectionFlow(database);
  const link = await test.linkFrom('/v1/connections/page?owner=ann');
  return { ...test, link };
};

const soon = '2026-11-24T09:30:00.000Z';
const linkTo = (link: Omit<Parameters<typeof connectionLinks.token>[0], 'expiresAt'>, expiresAt = soon) =>
  `${publicUrl}/connections/${connectionLinks.token({ ...link, expiresAt: `${expiresAt.slice(0, -1)}Z` })}`;

describe('the connections page', () => {
  it('shows the organization and the available providers, and changes nothing', async () => {
    const { person, link, connections } = await setup();
    const page = await person.open(link);
    expect(page.status).toBe(200);
    for (const words of [
      'North Casting uses',
      'No account is connected yet',
      'Connect Google',
      'Connect Apple',
    ]) {
      expect(page.text).toContain(words);
    }
    expect(page.text).not.toContain('Connect Zoom');
    expect(await connections()).toEqual([]);
  });

  it('shows each account with its scopes in words and its last refresh', async () => {
    const { connect, person, link } = await setup();
    await connect('ann@example.com', link);
    const { text } = await person.open(link);
    for (const words of ['ann@example.com', 'Connected', 'know which account it is', 'not yet']) {
      expect(text).toContain(words);
    }
  });

  it('shows why an account has to be reconnected', async () => {
    const { connect, only, requireReauthorization, person, link } = await setup();
    await connect('ann@example.com', link);
    await requireReauthorization((await only()).id);
    const { text } = await person.open(link);
    expect(text).toContain('Needs to be connected again');
    expect(text).toContain('no longer accepts our access');
  });

  it('uses the language of the browser if it is supported', async () => {
    const { call, link } = await setup();
    const path = new URL(link).pathname;
    const { text } = await call('GET', path, { headers: { 'accept-language': 'fr-CA,fr;q=0.9' } });
    expect(text).toContain('<html lang="fr">');
    expect(text).toContain('Connecter Google');
  });

  it('shows only the accounts of the owner of the link', async () => {
    const { connect, person, linkFrom } = await setup();
    await connect('ann@example.com');
    for (const path of ['/v1/connections/page?owner=bob', '/v1/connections/page']) {
      expect((await person.open(await linkFrom(path))).text).not.toContain('ann@example.com');
    }
  });

  it('forbids external resources, scripts, framing and caching', async () => {
    const { person, link } = await setup();
    const { headers, text } = await person.open(link);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'same-origin',
      'content-security-policy': expect.stringMatching(/default-src 'none'.*form-action 'self'/),
    });
    expect(String(headers['content-security-policy'])).toContain("frame-ancestors 'none'");
    expect(text).not.toContain('<script');
  });

  it('sets a cookie that scripts, other sites and other hosts cannot access', async () => {
    const { person, link } = await setup();
    const { headers } = await person.open(link);
    expect(String(headers['set-cookie'])).toMatch(
      /^__Host-castmatch-browser=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  it('escapes the names of accounts', async () => {
    const { connect, person, link } = await setup();
    await connect('<img src=x>', link);
    const { text } = await person.open(link);
    expect(text).toContain('&lt;img src=x&gt;');
    expect(text).not.toContain('<img');
  });
});

describe('a link to the connections page', () => {
  it('that has expired shows an error and changes nothing', async () => {
    const { person, link, organization, connections } = await setup();
    const page = await person.open(link);
    const expired = linkTo({ organization }, '2026-11-24T09:00:00.000Z');
    expect(await person.open(expired)).toMatchObject({
      status: 410,
      text: expect.stringContaining('This link has expired'),
    });
    const moved = { ...page, text: page.text.replaceAll(link, expired) };
    expect((await person.submit(moved, { to: '/connect' })).status).toBe(410);
    expect(await connections()).toEqual([]);
  });

  it('that is forged or truncated shows an error', async () => {
    const { person, link, organization } = await setup();
    const forged = createConnectionLinks([{ key: new Uint8Array(32) }]);
    const token = forged.token({ organization, expiresAt: soon });
    for (const address of [
      `${publicUrl}/connections/${token}`,
      link.slice(0, -3),
      `${publicUrl}/connections/`,
    ]) {
      expect(await person.open(address)).toMatchObject({
        status: 404,
        text: expect.stringContaining('This link does not work'),
      });
    }
  });

  it("of one organization does not reach another's accounts", async () => {
    const [north, south] = [await setup(), await setup()];
    await north.connect('ann@example.com', north.link);
    const { id } = await north.only();
    const stolen = linkTo({ organization: south.organization, provider: 'google', connection: id });
    expect((await south.person.open(stolen)).status).toBe(404);
    await south.connect('sue@example.com', south.link);
    const page = await south.person.open(south.link);
    const answer = await south.person.submit(page, { to: '/disconnect' }, { connection: id });
    expect(answer.status).toBe(404);
    expect((await north.only()).status).toBe('connected');
  });

  it('for one provider can neither connect another provider nor disconnect accounts', async () => {
    const { connect, person, linkFrom, only } = await setup();
    await connect('ann@example.com');
    const { id } = await only();
    const narrow = await linkFrom('/v1/connections/google/authorize?owner=ann');
    const page = await person.open(narrow);
    expect(page.text).not.toContain('/disconnect');
    expect((await person.submit(page, { to: '/connect' }, { provider: 'microsoft' })).status).toBe(404);
    expect((await person.submit(page, { to: '/connect' }, { provider: 'zoom' })).status).toBe(404);
    const forged = { ...page, text: page.text.replaceAll('/connect"', '/disconnect"') };
    await person.submit(forged, { to: '/disconnect' }, { connection: id });
    expect((await only()).status).toBe('connected');
  });

  it('to reconnect one account shows only that account and passes it to the provider', async () => {
    const { connect, person, linkFrom, connections, authorizers } = await setup();
    await connect('ann@example.com');
    await connect('ann@second.example');
    const [first, second] = await connections();
    const page = await person.open(
      await linkFrom(`/v1/connections/google/authorize?connection=${first?.id}`),
    );
    expect(page.text).toContain('Connect your Google account again');
    expect(page.text).not.toContain('ann@second.example');
    expect((await person.submit(page, { to: '/connect' }, { connection: second?.id ?? '' })).status).toBe(
      404,
    );
    await person.submit(page, { to: '/connect' });
    expect(authorizers.lastAuthorizationRequest().loginHint).toBe('ann@example.com');
  });

  it('with a return address offers a way back without connecting', async () => {
    const { person, linkFrom } = await setup();
    const returnTo = `${publicUrl}/settings`;
    const query = new URLSearchParams({ returnTo });
    const { text } = await person.open(
      await linkFrom(`/v1/connections/google/authorize?${query.toString()}`),
    );
    expect(text).toContain(`<a href="${returnTo}?status=denied">Not now</a>`);
  });
});

describe('a form of the connections page', () => {
  it('redirects to the provider by a page, because of form-action', async () => {
    const { begin, link, authorizers } = await setup();
    const page = await begin(link);
    expect(page).toMatchObject({
      status: 200,
      redirectsTo: `https://google.example/consent?state=${authorizers.lastAuthorizationRequest().state}`,
    });
    expect(page.text).toContain('Continue to Google');
  });

  it.each([
    ['from another site', { origin: 'https://evil.example' }],
    ['from an opaque origin', { origin: 'null' }],
    ['from our host without TLS', { origin: 'http://auditions.example.com' }],
  ])('%s is rejected', async (_, how) => {
    const { person, link, authorizers } = await setup();
    const page = await person.open(link);
    const answer = await person.submit(page, { to: '/connect' }, {}, how);
    expect(answer).toMatchObject({ status: 403, text: expect.stringContaining('open the page again') });
    expect(() => authorizers.lastAuthorizationRequest()).toThrow('no browser was redirected to a provider');
  });

  it('without an Origin header is accepted by its token', async () => {
    const { person, link } = await setup();
    const answer = await person.submit(await person.open(link), { to: '/connect' }, {}, { origin: null });
    expect(answer.status).toBe(200);
  });

  it.each([
    ['without a token', { form: '' }],
    ['with a made-up token', { form: 'a.b' }],
  ])('%s is rejected', async (_, filled) => {
    const { person, link } = await setup();
    expect((await person.submit(await person.open(link), { to: '/connect' }, filled)).status).toBe(403);
  });

  it('with the token of another browser or page, or without the cookie, is rejected', async () => {
    const { person, newPerson, link, linkFrom } = await setup();
    const page = await person.open(link);
    const other = newPerson();
    expect((await other.submit(page, { to: '/connect' })).status).toBe(403);
    await other.open(link);
    expect((await other.submit(page, { to: '/connect' })).status).toBe(403);
    const second = await linkFrom('/v1/connections/page?owner=bob');
    const moved = { ...page, text: page.text.replaceAll(link, second) };
    expect((await person.submit(moved, { to: '/connect' })).status).toBe(403);
    person.cookies.clear();
    expect((await person.submit(page, { to: '/connect' })).status).toBe(403);
  });

  it.each([
    ['connect', ''],
    ['connect', 'provider=facebook&form=x'],
    ['apple', 'form=x&username=&password='],
    ['feed', 'form=x&address='],
    ['disconnect', 'form=x&connection=nothing'],
  ])('to /%s with an invalid body (%s) is rejected with a page', async (to, body) => {
    const { call, link } = await setup();
    const answer = await call('POST', `${new URL(link).pathname}/${to}`, {
      body,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(answer).toMatchObject({
      status: 400,
      text: expect.stringContaining('We did not understand that'),
    });
  });
});

describe('disconnecting on the page', () => {
  it('revokes and erases the account, shows a notice, and permits a new connection', async () => {
    const { connect, only, person, link, authorizers, repositories, organization } = await setup();
    await connect('ann@example.com', link);
    const { id } = await only();
    const answer = await person.submit(await person.open(link), { to: '/disconnect' });
    expect(answer).toMatchObject({ status: 303, redirectsTo: `${link}?done=disconnected&provider=google` });
    expect(authorizers.revoked).toHaveLength(1);
    const page = await person.open(answer.redirectsTo ?? '');
    expect(page.text).toContain('Your Google account is disconnected');
    expect(page.text).not.toContain('ann@example.com');
    const { items } = await repositories.administrativeActs.list(organization, { limit: 2 });
    expect(items).toMatchObject([
      { act: 'connection.revoked', detail: { revocation: 'revoked' } },
      { act: 'connection.disconnected', by: 'owner:ann', role: 'owner' },
    ]);
    await connect('ann@example.com', link);
    expect(await only()).toMatchObject({ id, status: 'connected' });
  });

  it('while the provider is unavailable links to its page of connected apps', async () => {
    const { connect, only, person, link, authorizers } = await setup();
    await connect('ann@example.com', link);
    authorizers.failNextCall({ kind: 'outage', effect: 'none' });
    const answer = await person.submit(await person.open(link), { to: '/disconnect' });
    const { text } = await person.open(answer.redirectsTo ?? '');
    expect(text).toContain('we keep trying to give the access back');
    expect(text).toContain('href="https://myaccount.google.com/connections"');
    expect((await only()).status).toBe('disconnected');
  });
});

describe('connecting an Apple account', () => {
  const filled = { username: ' ann@icloud.com ', password: 'abcd-efgh-ijkl-mnop', server: '' };

  it('stores the account once its server has accepted the password', async () => {
    const { person, link, authorizers, only, repositories, organization } = await setup();
    authorizers.passwords.set('ann@icloud.com', filled.password);
    const answer = await person.submit(await person.open(link), { to: '/apple' }, filled);
    expect(answer).toMatchObject({ status: 303, redirectsTo: `${link}?done=connected&provider=apple` });
    const connection = await only();
    expect(connection).toMatchObject({ provider: 'apple', owner: 'ann', account: 'ann@icloud.com' });
    const use = { purpose: 'test', correlationId: 'c' };
    expect(await repositories.connections.openCredential(organization, connection.id, use)).toEqual({
      kind: 'app_password',
      serverUrl: 'https://caldav.icloud.com',
      username: 'ann@icloud.com',
      password: filled.password,
    });
  });

  it('with a wrong password shows an error in the form, without the password', async () => {
    const { person, link, connections } = await setup();
    const page = await person.submit(await person.open(link), { to: '/apple' }, filled);
    expect(page).toMatchObject({ status: 422, text: expect.stringContaining('were not accepted') });
    expect(page.text).toContain('value="ann@icloud.com"');
    expect(page.text).not.toContain(filled.password);
    expect(await connections()).toEqual([]);
  });

  it('with a forbidden server address shows an error', async () => {
    const { person, link, connections } = await setup();
    const given = { ...filled, server: 'https://10.0.0.1/' };
    const page = await person.submit(await person.open(link), { to: '/apple' }, given);
    expect(page).toMatchObject({ status: 422, text: expect.stringContaining('that we may call') });
    expect(page.text).toContain('value="https://10.0.0.1/"');
    expect(await connections()).toEqual([]);
  });

  it('returns 503 while the server is unavailable', async () => {
    const { person, link, authorizers } = await setup();
    authorizers.failNextCall({ kind: 'outage', effect: 'none' });
    const page = await person.submit(await person.open(link), { to: '/apple' }, filled);
    expect(page).toMatchObject({
      status: 503,
      text: expect.stringContaining('does not answer just now'),
      headers: { 'retry-after': expect.any(String) },
    });
  });

  it('again accepts a new password for the same account, and no other account', async () => {
    const { person, link, authorizers, only, requireReauthorization } = await setup();
    authorizers.passwords.set('ann@icloud.com', filled.password).set('bob@icloud.com', filled.password);
    await person.submit(await person.open(link), { to: '/apple' }, filled);
    const { id } = await only();
    await requireReauthorization(id);
    const page = await person.open(link);
    const form = { to: '/apple', having: { connection: id } };
    expect((await person.submit(page, form, { ...filled, username: 'bob@icloud.com' })).status).toBe(409);
    expect((await only()).status).toBe('needs_reauthorization');
    expect((await person.submit(page, form, filled)).status).toBe(303);
    expect(await only()).toMatchObject({ id, status: 'connected' });
  });

  it('with a return address redirects to it by a page', async () => {
    const { person, linkFrom, authorizers, only } = await setup();
    authorizers.passwords.set('ann@icloud.com', filled.password);
    const query = new URLSearchParams({ returnTo: 'http://localhost:5173/back' });
    const narrow = await linkFrom(`/v1/connections/apple/authorize?${query.toString()}`);
    const page = await person.submit(await person.open(narrow), { to: '/apple' }, filled);
    const { id } = await only();
    expect(page).toMatchObject({
      status: 200,
      redirectsTo: `http://localhost:5173/back?connection=${id}&status=connected`,
    });
  });
});

describe('connecting a calendar by its address', () => {
  const address = 'https://calendar.example.com/private-5ec2e7/basic.ics';

  it('stores the address as a credential, and does not show it', async () => {
    const { person, link, only, repositories, organization, call, key } = await setup();
    const answer = await person.submit(await person.open(link), { to: '/feed' }, { address: ` ${address} ` });
    expect(answer).toMatchObject({ status: 303, redirectsTo: `${link}?done=connected&provider=ics` });
    const page = await person.open(answer.redirectsTo ?? '');
    expect(page.text).toContain('Your calendar is connected. We only read it.');
    expect(page.text).toContain('see the events of this calendar, and write nothing');
    const { id } = await only();
    const use = { purpose: 'test', correlationId: 'c' };
    expect(await repositories.connections.openCredential(organization, id, use)).toEqual({
      kind: 'feed_address',
      address,
    });
    const listed = await call('GET', '/v1/connections', { key });
    expect(listed.body).toMatchObject({ items: [{ provider: 'ics', account: 'calendar.example.com' }] });
    expect(page.text + listed.text).not.toContain('5ec2e7');
  });

  it.each([
    ['address_not_allowed', 'rejected_input', 422, 'We may not call this address'],
    ['web_page', 'outage', 422, 'leads to a web page'],
    ['not_a_calendar', 'outage', 422, 'not a complete calendar'],
    ['incomplete_calendar', 'retry', 422, 'not a complete calendar'],
    ['answer_too_large', 'rejected_input', 422, 'larger than 16 MB'],
    [undefined, 'reconnect', 422, 'copy the secret address again'],
    [undefined, 'outage', 503, 'does not answer just now'],
  ] as const)('shows an error for %s (%s), without the address', async (code, kind, status, words) => {
    const { person, link, connections, authorizers } = await setup();
    authorizers.failNextCall(
      kind === 'outage' || kind === 'retry' ? { kind, effect: 'none' } : { kind },
      code,
    );
    const page = await person.submit(await person.open(link), { to: '/feed' }, { address });
    expect(page).toMatchObject({ status, text: expect.stringContaining(words) });
    expect(page.text).not.toContain('5ec2e7');
    expect(await connections()).toEqual([]);
  });

  it('accepts another address for the same connection after the first was reset', async () => {
    const { person, link, only, requireReauthorization, repositories, organization } = await setup();
    await person.submit(await person.open(link), { to: '/feed' }, { address });
    const { id } = await only();
    await requireReauthorization(id);
    const form = { to: '/feed', having: { connection: id } };
    const other = 'https://calendar.example.com/private-0ther/basic.ics';
    expect((await person.submit(await person.open(link), form, { address: other })).status).toBe(303);
    expect(await only()).toMatchObject({ id, status: 'connected' });
    const use = { purpose: 'test', correlationId: 'c' };
    expect(await repositories.connections.openCredential(organization, id, use)).toMatchObject({
      address: other,
    });
  });

  it('has a page of its own', async () => {
    const { person, linkFrom } = await setup();
    const page = await person.open(await linkFrom('/v1/connections/ics/authorize?owner=ann'));
    expect(page.text).toContain('<h1>Connect a calendar by its address</h1>');
    expect(page.text).not.toContain('Connect Google');
  });

  it('can be undone, which erases the address', async () => {
    const { person, link, only, repositories, organization } = await setup();
    await person.submit(await person.open(link), { to: '/feed' }, { address });
    const { id } = await only();
    const answer = await person.submit(await person.open(link), { to: '/disconnect' });
    expect((await person.open(answer.redirectsTo ?? '')).text).toContain('its address is erased here');
    const use = { purpose: 'test', correlationId: 'c' };
    expect(await repositories.connections.openCredential(organization, id, use)).toBeUndefined();
  });
});
