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
  const isAccepted = async (given: string, provider = 'google') =>
    (await watchSubscriptions.verify(provider, [{ id, secret: given }]))[0] !== undefined;
  return { watches: watchSubscriptions, id, channel, put, isAccepted };
};

it('a watch subscription accepts only its own secret, from its own provider', async () => {
  const { isAccepted, watches, channel, id } = await setup();
  const claims = [
    { id: 'another', secret: 'one' },
    { id, secret: 'two' },
    { id, secret: 'one' },
  ];
  expect(await watches.verify('google', claims)).toMatchObject([undefined, undefined, channel]);
  expect([await isAccepted('two'), await isAccepted(''), await isAccepted('one', 'microsoft')]).toEqual([
    false,
    false,
    false,
  ]);
});

it('a watch subscription accepts its current and its previous secret, and no older one', async () => {
  const { put, isAccepted } = await setup();
  await put({ secret: 'two' });
  await put({ secret: 'two' });
  expect([await isAccepted('one'), await isAccepted('two')]).toEqual([true, true]);
  await put({ secret: 'three' });
  expect([await isAccepted('one'), await isAccepted('two'), await isAccepted('three')]).toEqual([
    false,
    true,
    true,
  ]);
});

it('a watch subscription accepts no secret more than an hour after its expiry', async () => {
  const { isAccepted } = await setup({ expiresAt: inHours(-2) });
  expect(await isAccepted('one')).toBe(false);
});

it('a watch subscription stores no readable secret', async () => {
  await setup({ secret: 'a-secret-of-ours' });
  const { rows } = await database.pool.query('SELECT * FROM watch_subscriptions');
  expect(JSON.stringify(rows)).not.toContain('a-secret-of-ours');
});

it('a watch subscription stores its last notification, and is listed by connection until it is removed', async () => {
  const { watches, id } = await setup();
  await watches.markNotified([id, id]);
  const { rows } = await database.pool.query(
    'SELECT last_notified_at IS NOT NULL AS notified FROM watch_subscriptions WHERE id = $1',
    [id],
  );
  expect(rows).toEqual([{ notified: true }]);
  expect((await watches.listByConnection('conn_1')).map((subscription) => subscription.id)).toContain(id);
  await watches.remove(id);
  expect((await watches.listByConnection('conn_1')).map((subscription) => subscription.id)).not.toContain(id);
});
