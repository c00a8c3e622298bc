import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ConnectionId } from '../../domain/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import type { Connections } from './repository.ts';

let database: TestDatabase;
let connections: Connections;

beforeAll(async () => {
  database = await createTestDatabase();
  connections = database.repositories.connections;
});

afterAll(() => database.drop());

const organization = 'org_north';
const use = { purpose: 'calendar.putEvent', correlationId: 'corr-1' };
const leaseMs = 20_000;

/** Creates a new connection for each test. */
const setup = async () => {
  const id: ConnectionId = `conn_${randomBytes(6).toString('hex')}`;
  const of = { organization, id } as const;
  await connections.put({ ...of, provider: 'google', account: 'office', refreshToken: 'refresh-1' });
  return {
    id,
    of,
    stored: (minLifetimeMs = 60_000) => connections.readAccessToken(organization, id, minLifetimeMs, use),
    begin: (version = 1, refused = false) => connections.beginRefresh(of, { version, refused, leaseMs }, use),
    complete: (
      begun: { attempt: number; version: number },
      more: { refreshToken?: string; scopes?: readonly string[]; isMissingScopes?: boolean } = {},
    ) =>
      connections.completeRefresh(of, begun, {
        accessToken: 'access-1',
        expiresInMs: 3_600_000,
        isMissingScopes: false,
        ...more,
      }),
    credential: () => connections.openCredential(organization, id, use),
    leaseRunsOut: () =>
      database.pool.query(
        "UPDATE connections SET refresh_lease_until = now() - interval '1 second' WHERE id = $1",
        [id],
      ),
    reads: async () => {
      const { rows } = await database.pool.query(
        'SELECT secret, purpose, organization, correlation_id, process FROM credential_reads WHERE subject = $1 ORDER BY id',
        [id],
      );
      return rows;
    },
  };
};

/** Asserts that the refresh has begun. */
const begunOf = <Begun>(begun: Begun | undefined): Begun => {
  if (begun === undefined) throw new Error('the refresh has not begun');
  return begun;
};

test('the token store returns an access token that is valid for the requested lifetime', async () => {
  const { stored, begin, complete } = await setup();
  expect(await stored()).toMatchObject({ kind: 'connected', token: undefined, version: 1 });

  expect(await complete(begunOf(await begin()))).toEqual({ version: 2 });

  expect(await stored()).toMatchObject({ token: 'access-1', version: 2, isRefreshing: false });
  expect(await stored(3_601_000)).toMatchObject({ token: undefined });
});

test("the token store reports a token's lifetime by the clock of the database", async () => {
  const { stored, begin, complete } = await setup();
  await complete(begunOf(await begin()));
  const before = await stored();
  expect(before.kind === 'connected' && before.expiresInMs).toBeGreaterThan(3_590_000);
  expect(before.kind === 'connected' && before.expiresInMs).toBeLessThanOrEqual(3_600_000);
});

test('the token store lets one of many simultaneous callers begin a refresh', async () => {
  const { begin, stored } = await setup();
  const begun = await Promise.all(Array.from({ length: 20 }, () => begin()));
  expect(begun.filter(Boolean)).toHaveLength(1);
  expect(await stored()).toMatchObject({ isRefreshing: true, isRefreshFinished: false, attempt: 1 });
});

test('the token store refuses a refresh of an outdated version', async () => {
  const { begin, complete } = await setup();
  await complete(begunOf(await begin()));
  expect(await begin(1)).toBeUndefined();
  expect(await begin(2)).toMatchObject({ attempt: 2, refreshToken: 'refresh-1', inDoubt: false });
});

test('the token store stores a new refresh token with the access token', async () => {
  const { begin, complete, credential } = await setup();
  await complete(begunOf(await begin()), { refreshToken: 'refresh-2' });
  expect(await credential()).toEqual({ kind: 'oauth', refreshToken: 'refresh-2' });
});

test('the token store keeps a grant with missing scopes, and asks for reauthorization', async () => {
  const { begin, complete, stored, credential, id } = await setup();
  const begun = begunOf(await begin());
  const reducedGrant = { refreshToken: 'refresh-2', scopes: ['openid'], isMissingScopes: true };
  expect(await complete(begun, reducedGrant)).toEqual({ version: 2 });
  expect(await stored()).toMatchObject({
    kind: 'not_connected',
    status: 'needs_reauthorization',
    reason: 'scopes_missing',
  });
  expect(await connections.get(organization, id)).toMatchObject({ scopes: ['openid'] });
  expect(await credential()).toEqual({ kind: 'oauth', refreshToken: 'refresh-2' });
});

test('the token store discards a refresh when the account needs reauthorization meanwhile', async () => {
  const { begin, complete, stored, id } = await setup();
  const begun = begunOf(await begin());
  await connections.markNeedsReauthorization(id, 'grant_refused', 1);
  expect(await complete(begun)).toBeUndefined();
  expect(await stored()).toMatchObject({ kind: 'not_connected', reason: 'grant_refused' });
});

test('the token store removes a refused token immediately', async () => {
  const { begin, complete, stored } = await setup();
  await complete(begunOf(await begin()));
  await begin(2, true);
  expect(await stored()).toMatchObject({ token: undefined, isRefreshing: true });
});

test('the token store returns a valid token to other callers during a refresh', async () => {
  const { begin, complete, stored } = await setup();
  await complete(begunOf(await begin()));
  await begin(2);
  expect(await stored()).toMatchObject({ token: 'access-1', isRefreshing: true });
});

test('the token store marks a refresh as in doubt after a process died', async () => {
  const { begin, leaseRunsOut, stored } = await setup();
  await begin();
  await leaseRunsOut();
  expect(await stored()).toMatchObject({ isRefreshing: false, isRefreshFinished: false });
  expect(await begin()).toMatchObject({ attempt: 2, inDoubt: true });
});

test('the token store marks a refresh as in doubt after a failure with unknown result', async () => {
  const { id, begin } = await setup();
  const first = begunOf(await begin());
  await connections.failRefresh(id, first.attempt, 'in_doubt');
  expect(await begin()).toMatchObject({ attempt: 2, inDoubt: true });
});

test('the token store allows the next refresh after a failure without effect', async () => {
  const { id, begin, stored } = await setup();
  const first = begunOf(await begin());
  await connections.failRefresh(id, first.attempt, 'without_effect');
  expect(await stored()).toMatchObject({ isRefreshing: false, isRefreshFinished: true });
  expect(await begin()).toMatchObject({ attempt: 2, inDoubt: false });
});

test('the token store ignores the failure of an overtaken refresh', async () => {
  const { id, begin, leaseRunsOut, stored } = await setup();
  const first = begunOf(await begin());
  await leaseRunsOut();
  await begin();
  await connections.failRefresh(id, first.attempt, 'without_effect');
  expect(await stored()).toMatchObject({ isRefreshing: true, attempt: 2 });
});

test('the token store stores the tokens of a refresh that outlived its lease, and keeps the new lease', async () => {
  const { begin, complete, leaseRunsOut, stored, credential } = await setup();
  const first = begunOf(await begin());
  await leaseRunsOut();
  await begin();
  expect(await complete(first, { refreshToken: 'refresh-2' })).toEqual({ version: 2 });
  expect(await stored()).toMatchObject({ isRefreshing: true, token: 'access-1' });
  expect(await credential()).toMatchObject({ refreshToken: 'refresh-2' });
});

test('the token store discards the tokens of an overtaken refresh after the next one has completed', async () => {
  const { begin, complete, leaseRunsOut, credential } = await setup();
  const first = begunOf(await begin());
  await leaseRunsOut();
  await complete(begunOf(await begin()), { refreshToken: 'refresh-of-second' });
  expect(await complete(first, { refreshToken: 'refresh-of-first' })).toBeUndefined();
  expect(await credential()).toMatchObject({ refreshToken: 'refresh-of-second' });
});

test('the token store discards a refresh when the account was reconnected meanwhile', async () => {
  const { of, begin, complete, credential } = await setup();
  const begun = begunOf(await begin());
  await connections.put({ ...of, provider: 'google', account: 'office', refreshToken: 'granted-anew' });
  expect(await complete(begun, { refreshToken: 'of-the-old-grant' })).toBeUndefined();
  expect(await connections.markNeedsReauthorization(of.id, 'grant_refused', begun.version)).toBe(false);
  expect(await credential()).toMatchObject({ refreshToken: 'granted-anew' });
});

test('the token store returns no token of a connection that needs reauthorization', async () => {
  const { of, begin, complete, stored } = await setup();
  await complete(begunOf(await begin()));
  expect(await connections.markNeedsReauthorization(of.id, 'grant_refused', 2)).toBe(true);
  expect(await stored()).toMatchObject({ kind: 'not_connected', reason: 'grant_refused' });
  expect(await begin(2)).toBeUndefined();
  expect(await connections.get(organization, of.id)).toMatchObject({ status: 'needs_reauthorization' });
});

test('disconnecting a connection erases its credentials and its data key', async () => {
  const { id, of, begin, complete, stored, credential } = await setup();
  await complete(begunOf(await begin()));
  expect(await connections.disconnect(organization, id)).toBe(true);

  expect(await stored()).toMatchObject({ kind: 'not_connected', status: 'disconnected' });
  expect(await credential()).toBeUndefined();
  expect(await connections.get(organization, id)).toMatchObject({
    status: 'disconnected',
    statusReason: 'disconnected_here',
    account: undefined,
  });
  const { rows } = await database.keys.pool.query('SELECT 1 FROM data_keys WHERE id = $1', [id]);
  expect(rows).toEqual([]);

  await connections.put({ ...of, provider: 'google', account: 'office', refreshToken: 'granted-anew' });
  expect(await credential()).toMatchObject({ refreshToken: 'granted-anew' });
});

test('the token store does not show a connection to another organization', async () => {
  const { id, of } = await setup();
  expect(await connections.readAccessToken('org_south', id, 0, use)).toEqual({ kind: 'unknown_connection' });
  const wanted = { version: 1, refused: false, leaseMs };
  expect(await connections.beginRefresh({ ...of, organization: 'org_south' }, wanted, use)).toBeUndefined();
  expect(await connections.disconnect('org_south', id)).toBe(false);
});

test('the token store records each credential that is read, and no other', async () => {
  const { stored, begin, complete, credential, reads } = await setup();
  await stored();
  expect(await reads()).toEqual([]);

  await complete(begunOf(await begin()));
  await stored();
  await credential();
  await begin(1);

  const recorded = await reads();
  expect(recorded.map(({ secret }) => secret)).toEqual(['refresh_token', 'access_token', 'refresh_token']);
  expect(recorded[0]).toMatchObject({
    purpose: 'calendar.putEvent',
    organization,
    correlation_id: 'corr-1',
    process: expect.stringContaining(` ${process.pid} on `),
  });
});

test('the token store lists expiring tokens that are not being refreshed', async () => {
  const tokens = await Promise.all([setup(), setup(), setup(), setup()]);
  const [soon, later, refreshing, disconnected] = tokens;
  for (const [{ of, begin }, expiresInMs] of [
    [soon, 300_000],
    [later, 3_600_000],
    [refreshing, 300_000],
    [disconnected, 300_000],
  ] as const) {
    await connections.completeRefresh(of, begunOf(await begin()), {
      accessToken: 'access',
      expiresInMs,
      isMissingScopes: false,
    });
  }
  await refreshing.begin(2);
  await connections.disconnect(organization, disconnected.id);

  const found = (await connections.listExpiring(600_000, 100)).map(({ id }) => id);

  expect(found).toContain(soon.id);
  for (const other of [later, refreshing, disconnected]) expect(found).not.toContain(other.id);
});
