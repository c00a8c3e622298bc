/** Join links in the wrong hands: altered, too early, too late, of a former participant, and opened by programs that read mail. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { participantIdSchema } from '../../../../domain/ids.ts';
import type { Instant } from '../../../../domain/time/instant.ts';
import { createTestApi } from '../../../../tests/harness/api.ts';
import { agent, agentAdded } from '../../../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../../../tests/harness/database.ts';
import { storeJoinableAudition } from '../../../../tests/harness/joinable-audition.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const performer = participantIdSchema.parse('performer-1');
const inWindow: Instant = '2027-03-01T09:45:00.000Z';

const setup = async () => {
  let now: Instant = inWindow;
  const { call } = await createTestApi(database, { now: () => now });
  const audition = await storeJoinableAudition(database, { facts: [agentAdded] });
  const issue = (participant = performer) => audition.issue({ participant });
  /** What the service has recorded because of the link. */
  const effects = async (id: string) => {
    const { rows } = await database.pool.query(
      `SELECT dedupe_key FROM webhook_inbox WHERE dedupe_key LIKE $1
       UNION ALL SELECT link FROM join_uses WHERE link = $2`,
      [`join:${id}%`, id],
    );
    return rows;
  };
  const at = (instant: Instant) => {
    now = instant;
  };
  return { call, issue, effects, record: audition.record, at };
};

it.each([
  ['HEAD', {}],
  ['GET', { 'sec-purpose': 'prefetch;prerender', purpose: 'prefetch' }],
  ['GET', { 'user-agent': 'Mozilla/5.0 (compatible; Microsoft Safe Links)' }],
  ['GET', { 'user-agent': 'facebookexternalhit/1.1', range: 'bytes=0-1023' }],
  ['OPTIONS', { 'access-control-request-method': 'POST', origin: 'https://elsewhere.test' }],
] as const)(
  'a program that sends %s with %o checks no participant in, and learns no address',
  async (method, headers) => {
    const { call, issue, effects } = await setup();
    const id = await issue();
    const { status, text, headers: answered } = await call(method, `/j/${id}`, { headers });
    expect(status).toBeLessThan(500);
    expect(JSON.stringify([text, answered])).not.toContain('zoom.test');
    expect(answered).not.toHaveProperty('location');
    expect(await effects(id)).toEqual([]);
  },
);

it('a link of which any character is altered, or the case of all, opens nothing', async () => {
  const { call, issue, effects } = await setup();
  const id = await issue();
  const altered = id.split('').map((character, at) => {
    const other = character === '7' ? '8' : '7';
    return `${id.slice(0, at)}${other}${id.slice(at + 1)}`;
  });
  const swapped = id
    .split('')
    .map((one) => (one === one.toLowerCase() ? one.toUpperCase() : one.toLowerCase()))
    .join('');
  for (const other of [...altered, swapped, `${id}%20`, `${id}=`, `../j/${id}x`]) {
    expect([other, (await call('GET', `/j/${other}`)).status]).toEqual([other, 404]);
    expect([other, (await call('POST', `/j/${other}`)).status]).toEqual([other, 404]);
  }
  expect(await effects(id)).toEqual([]);
});

it.each([
  ['before the window', '2027-03-01T09:29:59.999Z', 200],
  ['after the window', '2027-03-01T10:45:00.000Z', 410],
] as const)(
  'a link that is used %s does not lead to the meeting, and checks no participant in',
  async (_, now, status) => {
    const { call, issue, effects, at } = await setup();
    const id = await issue();
    at(now);
    const answer = await call('POST', `/j/${id}`);
    expect(answer.status).toBe(status);
    expect(answer.headers).not.toHaveProperty('location');
    expect(answer.text).not.toContain('zoom.test');
    expect(await effects(id)).toEqual([]);
  },
);

it('the link of a person stays without effect when another person takes the place under the same id', async () => {
  const { call, issue, effects, record } = await setup();
  const former = await issue(agent);
  await record({ type: 'participant_removed', participant: agent });
  expect((await call('POST', `/j/${former}`)).status).toBe(404);
  await record(agentAdded);
  const present = await issue(agent);
  expect(present).not.toBe(former);
  expect((await call('GET', `/j/${former}`)).status).toBe(404);
  expect((await call('POST', `/j/${former}`)).status).toBe(404);
  expect(await effects(former)).toEqual([]);
  expect((await call('POST', `/j/${present}`)).status).toBe(302);
});

it('a link of one audition does not lead to another one of the same participant', async () => {
  const [one, other] = [await setup(), await setup()];
  const [ofOne, ofOther] = [await one.issue(), await other.issue()];
  await one.record({ type: 'cancelled', origin: 'api' });
  expect((await one.call('POST', `/j/${ofOne}`)).status).toBe(404);
  expect((await other.call('POST', `/j/${ofOther}`)).status).toBe(302);
  expect(await other.effects(ofOne)).toEqual([]);
});
