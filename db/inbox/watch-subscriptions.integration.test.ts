import { afterAll, beforeAll, expect, it } from 'vitest';
import { toInstant } from '../../domain/time/epoch.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const inHours = (hours: number) => toInstant(Date.now() + hours * 3_600_000);

const setup = async ({ secret = 'one', expiresAt = inHours(1) } = {}) => {
  const { watchSubscriptions } = database.repositories;
  const id = crypto.randomUUID();
  const channel = {
    id,
    provider: 'google',
    organization: 'org_north',
    connection: 'conn_1',
    calendarId: 'primary',
    resourceId: 'resource-1',
  } as const;
  const put = (changes: { secret?: string } = {}) =>
    watchSubscriptions.put({ ...channel, secret, expiresAt, ...changes });
  await put();
  const proves = async (given: string, provider = 'google') =>
    (await watchSubscriptions.verify(provider, [{ id, secret: given }]))[0] !== undefined;
  return { watches: watchSubscriptions, id, channel, put, proves };
};

it('is proven by its secret, by nothing else, and to its own provider', async () => {
  const { proves, watches, channel, id } = await setup();
  const claims = [
    { id: 'another', secret: 'one' },
    { id, secret: 'two' },
    { id, secret: 'one' },
  ];
  expect(await watches.verify('google', claims)).toMatchObject([undefined, undefined, channel]);
  expect([await proves('two'), await proves(''), await proves('one', 'microsoft')]).toEqual([
    false,
    false,
    false,
  ]);
});

it('takes the secret before the present one, and no older one', async () => {
  const { put, proves } = await setup();
  await put({ secret: 'two' });
  await put({ secret: 'two' });
  expect([await proves('one'), await proves('two')]).toEqual([true, true]);
  await put({ secret: 'three' });
  expect([await proves('one'), await proves('two'), await proves('three')]).toEqual([false, true, true]);
});

it('proves nothing once it has long expired', async () => {
  const { proves } = await setup({ expiresAt: inHours(-2) });
  expect(await proves('one')).toBe(false);
});

it('keeps no secret that could be read', async () => {
  await setup({ secret: 'a-secret-of-ours' });
  const { rows } = await database.pool.query('SELECT * FROM watch_subscriptions');
  expect(JSON.stringify(rows)).not.toContain('a-secret-of-ours');
});

it('knows when it last told us something, and what a connection watches until it is removed', async () => {
  const { watches, id } = await setup();
  await watches.markNotified([id, id]);
  const { rows } = await database.pool.query(
    'SELECT last_notified_at IS NOT NULL AS known FROM watch_subscriptions WHERE id = $1',
    [id],
  );
  expect(rows).toEqual([{ known: true }]);
  expect((await watches.listByConnection('conn_1')).map((one) => one.id)).toContain(id);
  await watches.remove(id);
  expect((await watches.listByConnection('conn_1')).map((one) => one.id)).not.toContain(id);
});
