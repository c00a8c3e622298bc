import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

const organization = 'org_north';
const request = (key: string, requestHash = 'h1') => ({ organization, key, requestHash }) as const;
const created = { status: 201, body: { id: 'aud_1', participants: [] } };

/** That of the first to bring the key. */
const claimOf = async (key: string): Promise<string> => {
  const begun = await database.repositories.idempotentRequests.begin(request(key));
  if (begun.kind !== 'new' || begun.claim === undefined) throw new Error(`'${key}' was there already`);
  return begun.claim;
};

test('lets fifty at once go on until one has answered, then repeats that answer to all', async () => {
  const { idempotentRequests } = database.repositories;
  const all = () => Promise.all(Array.from({ length: 50 }, () => idempotentRequests.begin(request('fifty'))));

  expect(new Set((await all()).map(({ kind }) => kind))).toEqual(new Set(['new']));
  await idempotentRequests.storeResponse(organization, 'fifty', created);

  for (const begun of await all()) expect(begun).toEqual({ kind: 'answered', ...created });
});

test('lets only one body through when different ones come at once under one key', async () => {
  const { idempotentRequests } = database.repositories;

  const begun = await Promise.all(
    Array.from({ length: 20 }, (_, index) => idempotentRequests.begin(request('bodies', `h${index}`))),
  );

  expect(begun.filter(({ kind }) => kind === 'new')).toHaveLength(1);
  expect(begun.filter(({ kind }) => kind === 'other_request')).toHaveLength(19);
});

test('tells another request under an answered key', async () => {
  const { idempotentRequests } = database.repositories;
  await idempotentRequests.begin(request('answered'));
  await idempotentRequests.storeResponse(organization, 'answered', created);

  expect(await idempotentRequests.begin(request('answered', 'h2'))).toEqual({ kind: 'other_request' });
});

test('keeps the first answer', async () => {
  const { idempotentRequests } = database.repositories;
  await idempotentRequests.begin(request('twice'));
  await idempotentRequests.storeResponse(organization, 'twice', created);

  await idempotentRequests.storeResponse(organization, 'twice', { status: 500, body: null });

  expect(await idempotentRequests.begin(request('twice'))).toMatchObject({ status: 201 });
});

test('takes a changed body after a request without effect was forgotten', async () => {
  const { idempotentRequests } = database.repositories;
  const claim = await claimOf('refused');

  await idempotentRequests.discard(organization, 'refused', claim);

  expect(await idempotentRequests.begin(request('refused', 'h2'))).toMatchObject({ kind: 'new' });
});

test('forgets nothing that somebody else has begun meanwhile, and gives them no claim to it', async () => {
  const { idempotentRequests } = database.repositories;
  const claim = await claimOf('contended');
  expect(await idempotentRequests.begin(request('contended'))).toEqual({ kind: 'new', claim: undefined });

  await idempotentRequests.discard(organization, 'contended', claim);

  expect(await idempotentRequests.begin(request('contended', 'h2'))).toEqual({ kind: 'other_request' });
});

test('does not forget a request that was answered', async () => {
  const { idempotentRequests } = database.repositories;
  const claim = await claimOf('kept');
  await idempotentRequests.storeResponse(organization, 'kept', created);

  await idempotentRequests.discard(organization, 'kept', claim);

  expect(await idempotentRequests.begin(request('kept', 'h2'))).toEqual({ kind: 'other_request' });
});

test('gives each organization keys of its own', async () => {
  const { idempotentRequests } = database.repositories;
  await idempotentRequests.begin(request('shared'));
  await idempotentRequests.storeResponse(organization, 'shared', created);

  expect(
    await idempotentRequests.begin({ organization: 'org_south', key: 'shared', requestHash: 'h2' }),
  ).toMatchObject({ kind: 'new' });
});
