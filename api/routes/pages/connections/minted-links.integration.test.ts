/** Tests that a link to the connections page has no more rights than the key that requested it. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiKeyHolder } from '../../../../db/access/api-keys.ts';
import { organizationIdSchema } from '../../../../domain/ids.ts';
import type { Instant } from '../../../../domain/time/instant.ts';
import { setUpConnectionFlow } from '../../../../tests/harness/connection-flow.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';
import type { VerifyToken } from '../../../access/jwt-verifier.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const setup = (given: Parameters<typeof setUpConnectionFlow>[1] = {}) => {
  const { apiKeys } = database.repositories;
  return setUpConnectionFlow(database, given).then((flow) => ({
    ...flow,
    revokeKeys: async () => {
      for (const { id } of await apiKeys.list(flow.organization)) await apiKeys.revoke(id);
    },
    /** Gives the key of the platform's staff other rights. */
    changeKey: (holder: Partial<ApiKeyHolder>) =>
      apiKeys.put({
        secret: flow.key,
        organization: flow.organization,
        role: 'admin',
        label: 'staff',
        ...holder,
      }),
  }));
};

describe('a link that an operator has minted', () => {
  it('does neither disconnect accounts nor choose their calendars, which operators may not', async () => {
    const { call, keyFor, organization, connect, only, person } = await setup();
    await connect('ann@example.com');
    const { id } = await only();
    const { body } = await call('GET', '/v1/connections/page?owner=ann', {
      key: await keyFor('operator', organization),
    });
    const link = String(Object(body).url);
    const page = await person.open(link);
    expect(page.text).toContain('ann@example.com');
    expect(page.text).not.toMatch(/\/disconnect|\/calendars/);
    const forged = { ...page, text: page.text.replaceAll('/connect"', '/disconnect"') };
    await person.submit(forged, { to: '/disconnect' }, { connection: id });
    expect((await only()).status).toBe('connected');
    expect((await person.open(`${link}/calendars/${id}`)).status).toBe(404);
  });

  it('is named, with its minter and role, in the acts of the person who uses it', async () => {
    const { call, keyFor, organization, begin, authorizers, person, callback, state, repositories } =
      await setup();
    const { body } = await call('GET', '/v1/connections/google/authorize?owner=ann', {
      key: await keyFor('operator', organization),
    });
    await begin(String(Object(body).url));
    await person.open(
      callback({ state: state(), code: authorizers.consent({ account: 'ann@example.com' }) }),
    );
    const { items } = await repositories.administrativeActs.list(organization, { limit: 1 });
    expect(items).toMatchObject([
      {
        act: 'connection.connected',
        by: 'owner:ann',
        detail: {
          provider: 'google',
          link: { role: 'operator', id: expect.stringMatching(/^key_[0-9a-f]{16}$/) },
        },
      },
    ]);
  });
});

describe('a link whose key was revoked', () => {
  it('opens neither the page nor the calendars, and its forms change nothing', async () => {
    const { linkFrom, connect, only, person, connections, revokeKeys } = await setup();
    const link = await linkFrom('/v1/connections/page?owner=ann');
    await connect('ann@example.com', link);
    const { id } = await only();
    const page = await person.open(link);
    await revokeKeys();
    const opened = await person.open(link);
    expect(opened).toMatchObject({ status: 410 });
    expect(opened.text).toContain('This link has expired');
    expect(opened.text).not.toContain('ann@example.com');
    expect((await person.open(`${link}/calendars/${id}`)).status).toBe(410);
    expect((await person.submit(page, { to: '/disconnect' }, { connection: id })).status).toBe(410);
    const apple = { username: 'ann@icloud.example', password: 'app-specific' };
    expect((await person.submit(page, { to: '/apple' }, apple)).status).toBe(410);
    expect(await connections()).toMatchObject([{ id, status: 'connected' }]);
  });

  it('connects no account when the person comes back from the provider', async () => {
    const { linkFrom, begin, authorizers, person, callback, state, connections, revokeKeys } = await setup();
    await begin(await linkFrom('/v1/connections/google/authorize?owner=ann'));
    await revokeKeys();
    const code = authorizers.consent({ account: 'ann@example.com' });
    const answer = await person.open(callback({ state: state(), code }));
    expect(answer).toMatchObject({ status: 410 });
    expect(answer.text).toContain('This link has expired');
    expect(await connections()).toEqual([]);
  });

  it('lets nothing of the provider lead to the return address of the link', async () => {
    const { linkFrom, begin, person, callback, state, revokeKeys } = await setup();
    const returnTo = encodeURIComponent('https://app.example.com/accounts');
    await begin(await linkFrom(`/v1/connections/google/authorize?owner=ann&returnTo=${returnTo}`));
    await revokeKeys();
    const answer = await person.open(callback({ state: state(), error: 'access_denied' }));
    expect(answer).toMatchObject({ status: 410 });
    expect(answer.text).not.toContain('app.example.com');
  });
});

describe('a link whose key has other rights now', () => {
  it('loses what the role of the key no longer permits', async () => {
    const { linkFrom, connect, only, person, changeKey } = await setup();
    const link = await linkFrom('/v1/connections/page?owner=ann');
    await connect('ann@example.com', link);
    const { id } = await only();
    const page = await person.open(link);
    expect(page.text).toMatch(/\/disconnect/);
    await changeKey({ role: 'operator' });
    expect((await person.open(link)).text).not.toMatch(/\/disconnect|\/calendars/);
    await person.submit(page, { to: '/disconnect' }, { connection: id });
    expect((await only()).status).toBe('connected');
    expect((await person.open(`${link}/calendars/${id}`)).status).toBe(404);
  });

  it('gains nothing when the role of the key is raised later', async () => {
    const { linkFrom, connect, person, changeKey } = await setup();
    await changeKey({ role: 'operator' });
    const link = await linkFrom('/v1/connections/page?owner=ann');
    await connect('ann@example.com', link);
    await changeKey({ role: 'admin' });
    expect((await person.open(link)).text).not.toMatch(/\/disconnect|\/calendars/);
  });

  it('opens nothing when the key belongs to another organization now', async () => {
    const { linkFrom, person, changeKey } = await setup();
    const link = await linkFrom('/v1/connections/page?owner=ann');
    await changeKey({ organization: `org_${randomUUID()}` });
    expect((await person.open(link)).status).toBe(410);
  });
});

/** Returns an API whose callers have a token, and a clock that the test moves. */
const setUpToken = async (expiresAt: Instant) => {
  let now: Instant = '2026-11-24T09:00:00.000Z';
  const organization = organizationIdSchema.parse(`org_${randomUUID()}`);
  const verifyToken: VerifyToken = async () => ({
    organization,
    role: 'backend',
    label: 'platform',
    id: 'sub:platform',
    expiresAt,
  });
  const flow = await setup({ verifyToken, now: () => now });
  await database.repositories.organizations.put({ id: organization, name: 'South', meetingProviders: [] });
  const { body } = await flow.call('GET', '/v1/connections/page?owner=ann', { key: 'a.b.c' });
  return {
    ...flow,
    body,
    link: String(Object(body).url),
    setClock: (instant: Instant) => {
      now = instant;
    },
  };
};

describe('a link that was requested with a token', () => {
  it('ends with the token', async () => {
    const { body, link, person, setClock } = await setUpToken('2026-11-24T09:20:00.000Z');
    expect(body).toMatchObject({ expiresAt: '2026-11-24T09:20:00.000Z' });
    setClock('2026-11-24T09:19:59.000Z');
    expect((await person.open(link)).status).toBe(200);
    setClock('2026-11-24T09:20:00.000Z');
    expect((await person.open(link)).status).toBe(410);
  });

  it('leaves the person ten minutes when the token ends sooner, and is valid for an hour at most', async () => {
    const short = await setUpToken('2026-11-24T09:01:00.000Z');
    expect(short.body).toMatchObject({ expiresAt: '2026-11-24T09:10:00.000Z' });
    const long = await setUpToken('2026-11-25T09:00:00.000Z');
    expect(long.body).toMatchObject({ expiresAt: '2026-11-24T10:00:00.000Z' });
  });

  it('opens nothing when tokens are no longer accepted', async () => {
    const { link } = await setUpToken('2026-11-24T09:20:00.000Z');
    const { person } = await setup();
    expect((await person.open(link)).status).toBe(410);
  });
});
