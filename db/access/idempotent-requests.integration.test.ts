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

/** Begins a request under an unused key and returns its claim. */
const claimOf = async (key: string): Promise<string> => {
  const begun = await database.repositories.idempotentRequests.begin(request(key));
  if (begun.kind !== 'new' || begun.claim === undefined) throw new Error(`'${key}' was used already`);
  return begun.claim;
};

test('an idempotency key runs simultaneous requests until a response is stored, then repeats the response', async () => {
  const { idempotentRequests } = database.repositories;
  const all = () => Promise.all(Array.from({ length: 50 }, () => idempotentRequests.begin(request('fifty'))));

  expect(new Set((await all()).map(({ kind }) => kind))).toEqual(new Set(['new']));
  await idempotentRequests.storeResponse(organization, 'fifty', created);

  for (const begun of await all()) expect(begun).toEqual({ kind: 'answered', ...created });
});

test('an idempotency key accepts one of several simultaneous different requests', async () => {
  const { idempotentRequests } = database.repositories;

  const begun = await Promise.all(
    Array.from({ length: 20 }, (_, index) => idempotentRequests.begin(request('bodies', `h${index}`))),
  );

  expect(begun.filter(({ kind }) => kind === 'new')).toHaveLength(1);
  expect(begun.filter(({ kind }) => kind === 'other_request')).toHaveLength(19);
});

test('an idempotency key refuses another request after a response is stored', async () => {
  const { idempotentRequests } = database.repositories;
  await idempotentRequests.begin(request('answered'));
  await idempotentRequests.storeResponse(organization, 'answered', created);

  expect(await idempotentRequests.begin(request('answered', 'h2'))).toEqual({ kind: 'other_request' });
});

test('an idempotency key keeps an accepted command until its response is stored', async () => {
  const { idempotentRequests } = database.repositories;
  const accepted = { after: 7, correlationId: 'c-1' };
  const claim = await claimOf('accepted');
  await idempotentRequests.markAccepted(organization, 'accepted', accepted);
  await idempotentRequests.markAccepted(organization, 'accepted', { after: 9, correlationId: 'c-2' });

  // The command may still have its effect, so the key stays bound to its body.
  await idempotentRequests.discard(organization, 'accepted', claim);

  expect(await idempotentRequests.begin(request('accepted', 'h2'))).toEqual({ kind: 'other_request' });
  expect(await idempotentRequests.begin(request('accepted'))).toEqual({ kind: 'new', accepted });
  await idempotentRequests.storeResponse(organization, 'accepted', created);
  await idempotentRequests.markAccepted(organization, 'accepted', accepted);
  expect(await idempotentRequests.begin(request('accepted'))).toEqual({ kind: 'answered', ...created });
});

test('an idempotency key keeps the first response', async () => {
  const { idempotentRequests } = database.repositories;
  await idempotentRequests.begin(request('twice'));
  await idempotentRequests.storeResponse(organization, 'twice', created);

  await idempotentRequests.storeResponse(organization, 'twice', { status: 500, body: null });

  expect(await idempotentRequests.begin(request('twice'))).toMatchObject({ status: 201 });
});

test('an idempotency key accepts a changed request after the first one was discarded', async () => {
  const { idempotentRequests } = database.repositories;
  const claim = await claimOf('refused');

  await idempotentRequests.discard(organization, 'refused', claim);

  expect(await idempotentRequests.begin(request('refused', 'h2'))).toMatchObject({ kind: 'new' });
});

test('an idempotency key is not discarded when another request has begun under it', async () => {
  const { idempotentRequests } = database.repositories;
  const claim = await claimOf('contended');
  expect(await idempotentRequests.begin(request('contended'))).toEqual({ kind: 'new', claim: undefined });

  await idempotentRequests.discard(organization, 'contended', claim);

  expect(await idempotentRequests.begin(request('contended', 'h2'))).toEqual({ kind: 'other_request' });
});

test('an idempotency key is not discarded after a response is stored', async () => {
  const { idempotentRequests } = database.repositories;
  const claim = await claimOf('kept');
  await idempotentRequests.storeResponse(organization, 'kept', created);

  await idempotentRequests.discard(organization, 'kept', claim);

  expect(await idempotentRequests.begin(request('kept', 'h2'))).toEqual({ kind: 'other_request' });
});

test('an idempotency key is separate for each organization', async () => {
  const { idempotentRequests } = database.repositories;
  await idempotentRequests.begin(request('shared'));
  await idempotentRequests.storeResponse(organization, 'shared', created);

  expect(
    await idempotentRequests.begin({ organization: 'org_south', key: 'shared', requestHash: 'h2' }),
  ).toMatchObject({ kind: 'new' });
});
