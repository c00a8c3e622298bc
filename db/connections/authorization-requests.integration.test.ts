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
  const asked = {
    organization: 'org_north',
    provider: 'google',
    codeVerifier: `verifier-${state}`,
    redirectUri: 'https://auditions.example.com/v1/connections/google/callback',
    scopes: ['calendar'],
    returnTo: 'https://auditions.example.com/done',
    correlationId: 'c-1',
  } as const;
  await requests.create({ ...asked, state, browser });
  const rowOf = eq(authorizationRequests.stateHash, sha256(state));
  return { requests, state, browser, asked, rowOf, answer: { state, browser, provider: 'google' } as const };
};

describe('a consent that is asked for', () => {
  it('comes back as it was asked for', async () => {
    const { requests, answer, asked } = await setup();
    expect(await requests.consume(answer)).toEqual({ kind: 'taken', ...asked });
  });

  it('is given once, however many come with it', async () => {
    const { requests, answer } = await setup();
    const taken = await Promise.all(Array.from({ length: 10 }, () => requests.consume(answer)));
    expect(taken.map(({ kind }) => kind).toSorted()).toEqual([
      ...Array(1).fill('taken'),
      ...Array(9).fill('used'),
    ]);
  });

  it('is not given to another browser, and is left for the one in which it began', async () => {
    const { requests, answer } = await setup();
    expect(await requests.consume({ ...answer, browser: 'another' })).toEqual({ kind: 'other_browser' });
    expect(await requests.consume(answer)).toMatchObject({ kind: 'taken' });
  });

  it('is not known at another provider, nor under another state', async () => {
    const { requests, answer } = await setup();
    expect(await requests.consume({ ...answer, provider: 'zoom' })).toEqual({ kind: 'unknown' });
    expect(await requests.consume({ ...answer, state: 'made up' })).toEqual({ kind: 'unknown' });
  });

  it('ends after ten minutes, and is forgotten a day later', async () => {
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

  it('leaves nothing in its row with which anybody could go on', async () => {
    const { state, browser, asked, rowOf } = await setup();
    const row = JSON.stringify(await database.db.select().from(authorizationRequests).where(rowOf));
    expect(row).toContain('google/callback');
    for (const secret of [state, browser, asked.codeVerifier]) expect(row).not.toContain(secret);
  });
});
