import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { sha256 } from '../digest.ts';
import { authorizationRequests } from '../schema/authorization-requests.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const setup = async () => {
  const { authorizationRequests: requests } = database.repositories;
  const [state, browser] = [randomUUID(), randomUUID()];
  const pending = {
    organization: 'org_north',
    provider: 'google',
    codeVerifier: `verifier-${state}`,
    redirectUri: 'https://auditions.example.com/v1/connections/google/callback',
    scopes: ['calendar'],
    returnTo: 'https://auditions.example.com/done',
    correlationId: 'c-1',
  } as const;
  await requests.create({ ...pending, state, browser });
  const rowOf = eq(authorizationRequests.stateHash, sha256(state));
  return {
    requests,
    state,
    browser,
    pending,
    rowOf,
    answer: { state, browser, provider: 'google' } as const,
  };
};

describe('authorization request', () => {
  it('is returned as it was stored', async () => {
    const { requests, answer, pending } = await setup();
    expect(await requests.consume(answer)).toEqual({ kind: 'taken', ...pending });
  });

  it('is consumed once by simultaneous callers', async () => {
    const { requests, answer } = await setup();
    const taken = await Promise.all(Array.from({ length: 10 }, () => requests.consume(answer)));
    expect(taken.map(({ kind }) => kind).toSorted()).toEqual([
      ...Array(1).fill('taken'),
      ...Array(9).fill('used'),
    ]);
  });

  it('is refused to another browser, and stays usable for the browser that started it', async () => {
    const { requests, answer } = await setup();
    expect(await requests.consume({ ...answer, browser: 'another' })).toEqual({ kind: 'other_browser' });
    expect(await requests.consume(answer)).toMatchObject({ kind: 'taken' });
  });

  it('is unknown for another provider or another state', async () => {
    const { requests, answer } = await setup();
    expect(await requests.consume({ ...answer, provider: 'zoom' })).toEqual({ kind: 'unknown' });
    expect(await requests.consume({ ...answer, state: 'forged' })).toEqual({ kind: 'unknown' });
  });

  it('expires after ten minutes, and is deleted a day later', async () => {
    const { requests, answer, rowOf } = await setup();
    const [row] = await database.db.select().from(authorizationRequests).where(rowOf);
    expect(Date.parse(row?.expiresAt ?? '') - (row?.createdAt.getTime() ?? 0)).toBe(600_000);
    const set = (minutes: number) =>
      database.db
        .update(authorizationRequests)
        .set({ expiresAt: `${new Date(Date.now() - minutes * 60_000).toISOString().slice(0, -1)}Z` })
        .where(rowOf);
    await set(1);
    expect(await requests.consume(answer)).toEqual({ kind: 'expired' });
    expect(await requests.deleteExpired()).toBe(0);
    await set(24 * 60 + 1);
    expect(await requests.deleteExpired()).toBe(1);
    expect(await requests.consume(answer)).toEqual({ kind: 'unknown' });
  });

  it('stores no readable state, cookie or code verifier', async () => {
    const { state, browser, pending, rowOf } = await setup();
    const row = JSON.stringify(await database.db.select().from(authorizationRequests).where(rowOf));
    expect(row).toContain('google/callback');
    for (const secret of [state, browser, pending.codeVerifier]) expect(row).not.toContain(secret);
  });
});
