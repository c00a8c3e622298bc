/** Tests a client that guesses ids of join links: it is slowed down, learns nothing, and locks no one out. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { participantIdSchema } from '../../../../domain/ids.ts';
import type { Instant } from '../../../../domain/time/instant.ts';
import { shortIdOf } from '../../../../foundation/links/short-id.ts';
import { createTestApi } from '../../../../tests/harness/api.ts';
import { agent, agentAdded } from '../../../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';
import { storeJoinableAudition } from '../../../../tests/harness/joinable-audition.ts';
import { noLimits } from '../../../../tests/harness/no-limits.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const performer = participantIdSchema.parse('performer-1');
const inWindow: Instant = '2027-03-01T09:45:00.000Z';
const guess = (): string => shortIdOf(randomBytes(12));

const setup = async (options: Parameters<typeof createTestApi>[1] = {}) => {
  const { api } = await createTestApi(database, { now: () => inWindow, ...options });
  const audition = await storeJoinableAudition(database, { facts: [agentAdded] });
  const issue = (participant = performer) => audition.issue({ participant });
  const remove = () => audition.record({ type: 'participant_removed', participant: agent });
  const send = (method: 'GET' | 'POST', id: string, remoteAddress: string) =>
    api.inject({ method, url: `/j/${id}`, remoteAddress, headers: { 'accept-language': 'en' } });
  const revoke = (id: string) =>
    database.repositories.joinLinks.revoke(
      { id, organization: 'org_north', auditionId: audition.auditionId },
      { by: 'test', role: 'admin', correlationId: 'corr-1' },
    );
  onTestFinished(() => api.close());
  return { issue, remove, revoke, send };
};

it('10,000 guesses find nothing, are limited, and do not disturb the person with the link', async () => {
  const { issue, send } = await setup();
  const id = await issue();
  const statuses = new Map<number, number>();
  const waits: number[] = [];
  for (let sent = 0; sent < 10_000; sent += 100) {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, at) => send(at % 2 === 0 ? 'GET' : 'POST', guess(), '203.0.113.7')),
    );
    for (const { statusCode, headers } of answers) {
      statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
      expect(headers).not.toHaveProperty('location');
      waits.push(...(statusCode === 429 ? [Number(headers['retry-after'])] : []));
    }
  }
  expect(new Set(statuses.keys())).toEqual(new Set([404, 429]));
  expect(Math.min(...waits)).toBeGreaterThan(0);
  expect(statuses.get(429)).toBeGreaterThan(statuses.get(404) ?? 0);
  expect((await send('POST', id, '198.51.100.9')).statusCode).toBe(302);
});

it('a client above its limit is answered the same for a true link as for a guess', async () => {
  const { issue, send } = await setup({ limits: { ...noLimits, page: { max: 5, windowMs: 60_000 } } });
  const id = await issue();
  for (let sent = 0; sent < 5; sent += 1) await send('GET', guess(), '203.0.113.8');
  const [ofTruth, ofGuess] = [
    await send('POST', id, '203.0.113.8'),
    await send('POST', guess(), '203.0.113.8'),
  ];
  expect([ofTruth.statusCode, ofGuess.statusCode]).toEqual([429, 429]);
  expect(ofTruth.body).toBe(ofGuess.body);
  expect((await send('POST', id, '203.0.113.9')).statusCode).toBe(302);
});

it('an unknown, an altered, a revoked link and that of a removed person have one answer, after as many statements', async () => {
  const { issue, remove, send } = await setup({ limits: noLimits });
  const present = await issue();
  const removed = await issue(agent);
  await remove();
  const other = await setup({ limits: noLimits });
  const revoked = await other.issue();
  expect(await other.revoke(revoked)).toBe(true);
  const altered = `${present.slice(0, -1)}${present.endsWith('7') ? '8' : '7'}`;
  const statements = vi.spyOn(database.pool, 'query');
  onTestFinished(() => statements.mockRestore());
  const changing = /date|request-id|correlation|ratelimit/;
  for (const method of ['GET', 'POST'] as const) {
    const answers = [];
    for (const id of [guess(), altered, revoked, removed, '-', 'x'.repeat(60)]) {
      statements.mockClear();
      const { statusCode, body, headers } = await send(method, id, '203.0.113.10');
      const stable = Object.entries(headers).filter(([name]) => !changing.test(name));
      answers.push({
        statusCode,
        body,
        headers: Object.fromEntries(stable),
        statements: statements.mock.calls.length,
      });
    }
    const [first] = answers;
    expect(first).toMatchObject({ statusCode: 404, statements: 1 });
    for (const answer of answers) expect(answer).toEqual(first);
  }
  expect((await send('POST', present, '203.0.113.11')).statusCode).toBe(302);
});
