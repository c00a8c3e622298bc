import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { toInstant } from '../../domain/time/epoch.ts';
import { createKeyedReferences } from '../../foundation/encryption/keyed-references.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { createWatchSecrets } from './watch-secrets.ts';
import { createWatchSubscriptions } from './watch-subscriptions.ts';

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
    (await watchSubscriptions.verify(provider, [{ id, secret: given }]))[0]?.kind === 'authentic';
  return { watches: watchSubscriptions, id, channel, put, isAccepted };
};

it('a watch subscription has one connection, and is found by its id and provider only', async () => {
  const { watches, id } = await setup();
  expect(await watches.findConnections('google', [id, 'another'])).toEqual(new Map([[id, 'conn_1']]));
  expect(await watches.findConnections('microsoft', [id])).toEqual(new Map());
  expect(await watches.findConnections('google', [])).toEqual(new Map());
});

it('a watch subscription accepts only its own secret, from its own provider', async () => {
  const { isAccepted, watches, channel, id } = await setup();
  const claims = [
    { id: 'another', secret: 'one' },
    { id, secret: 'two' },
    { id, secret: 'one' },
  ];
  expect(await watches.verify('google', claims)).toMatchObject([
    { kind: 'forged' },
    { kind: 'forged' },
    { kind: 'authentic', subscription: channel },
  ]);
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

it('a watch subscription is deleted a day after its expiry', async () => {
  const [ended, expired] = [
    await setup({ expiresAt: inHours(-25) }),
    await setup({ expiresAt: inHours(-23) }),
  ];
  await ended.watches.removeExpired();
  expect(await ended.watches.findConnections('google', [ended.id, expired.id])).toEqual(
    new Map([[expired.id, 'conn_1']]),
  );
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

it('a forged notification costs no query, and one with a secret of this service costs one', async () => {
  // A repository of its own: it remembers whether subscriptions of earlier versions live.
  await database.pool.query('TRUNCATE watch_subscriptions');
  const secrets = createWatchSecrets(
    createKeyedReferences([{ id: 'k', key: randomBytes(32) }], 'watch secret'),
  );
  const watches = createWatchSubscriptions(database.db, secrets);
  const id = crypto.randomUUID();
  const secret = watches.issueSecret('google', id);
  const channel = { id, provider: 'google', organization: 'org_north', connection: 'conn_2' } as const;
  await watches.put({ ...channel, calendarId: 'primary', secret, expiresAt: inHours(1) });
  const forged = [{ id, secret: 'a guess' }];
  expect(await watches.verify('google', forged)).toEqual([{ kind: 'forged' }]);
  const query = vi.spyOn(database.pool, 'query');
  expect(await watches.verify('google', forged)).toEqual([{ kind: 'forged' }]);
  expect(query).not.toHaveBeenCalled();
  expect(
    await watches.verify('google', [
      { id, secret },
      { id, secret: watches.issueSecret('google', 'another') },
      { id: 'another', secret },
    ]),
  ).toMatchObject([{ kind: 'authentic' }, { kind: 'unknown' }, { kind: 'unknown' }]);
  expect(query).toHaveBeenCalledTimes(1);
});

it('a watch subscription of an earlier version stays valid, and must be replaced', async () => {
  const { isAccepted, watches, id } = await setup({ secret: 'random' });
  expect(await isAccepted('random')).toBe(true);
  const stored = (await watches.listByConnection('conn_1')).find((each) => each.id === id);
  expect(stored?.secretKey).toBe('unknown');
});

it('a watch subscription stays valid when the master key of its secret is removed, and must be replaced', async () => {
  await database.pool.query('TRUNCATE watch_subscriptions');
  const [former, present] = ['k1', 'k2'].map((id) => ({ id, key: randomBytes(32) }));
  const watchesUnder = (...keys: readonly (typeof former)[]) =>
    createWatchSubscriptions(
      database.db,
      createWatchSecrets(
        createKeyedReferences(
          keys.flatMap((key) => key ?? []),
          'watch secret',
        ),
      ),
    );
  const before = watchesUnder(former);
  const id = crypto.randomUUID();
  const secret = before.issueSecret('microsoft', id);
  const subscription = {
    id,
    provider: 'microsoft',
    organization: 'org_north',
    connection: 'conn_3',
  } as const;
  await before.put({ ...subscription, calendarId: 'primary', secret, expiresAt: inHours(1) });
  const states = [];
  for (const watches of [before, watchesUnder(present, former), watchesUnder(present)]) {
    const [stored] = await watches.listByConnection('conn_3');
    const claims = [
      { id, secret },
      { id, secret: 'a guess' },
    ];
    const verified = await watches.verify('microsoft', claims);
    states.push([stored?.secretKey, ...verified.map(({ kind }) => kind)]);
  }
  expect(states).toEqual([
    ['newest', 'authentic', 'forged'],
    ['earlier', 'authentic', 'forged'],
    ['removed', 'authentic', 'forged'],
  ]);
});
