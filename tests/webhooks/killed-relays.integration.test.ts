/**
 * Sends each webhook twice, in random order, to the real API while relay processes are repeatedly killed. Each webhook
 * must be applied exactly once. `npm run test:deep` sends 10,000.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import twilio from 'twilio';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKeyRing } from '../../foundation/encryption/key-ring.ts';
import { createTestApi } from '../harness/api.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { atDepth, seededRandom } from '../harness/depth.ts';
import { eventually } from '../harness/eventually.ts';
import { endRelayLeases, shuffled } from '../harness/killed-relays.ts';
import { localDefaults } from '../harness/local-defaults.ts';

const webhooks = atDepth(600, 10_000);
const random = seededRandom();
const concurrentRelays = 3;
const killCount = 8;
const concurrentSenders = 20;

const key = randomBytes(32);
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase(createKeyRing([{ id: 'test', key }]));
  await database.pool.query(`
    CREATE TABLE relay_deliveries (relay text, inbox_id text);
    CREATE TABLE effects (inbox_id text PRIMARY KEY, audition text, report jsonb)`);
});
afterAll(() => database.drop());

const program = fileURLToPath(new URL('./relay-process.ts', import.meta.url));

const count = async (query: string, values: readonly unknown[] = []): Promise<number> =>
  Number((await database.pool.query(query, [...values])).rows[0].count);

const countPending = () => count("SELECT count(*) FROM webhook_inbox WHERE state = 'received'");

const startRelayProcess = (name: string) =>
  execa(process.execPath, [program], {
    env: { DATABASE_URL: database.url, TEST_MASTER_KEY: key.toString('base64'), RELAY: name },
    reject: false,
    all: true,
  });

/**
 * Runs several relays. Each is killed with SIGKILL after it has delivered a random number of webhooks, and replaced,
 * until enough have been killed. Returns the number of killed relays.
 */
const runAndKillRelays = async (isOver: () => Promise<boolean>): Promise<number> => {
  let begun = 0;
  let killed = 0;
  const live = async (): Promise<void> => {
    while (begun < killCount && !(await isOver())) {
      begun += 1;
      const name = `relay-${begun}`;
      const child = startRelayProcess(name);
      const lifetime = Math.ceil(random() * (webhooks / killCount / 2));
      const delivered = () => count('SELECT count(*) FROM relay_deliveries WHERE relay = $1', [name]);
      while ((await delivered()) < lifetime && !(await isOver())) {
        await endRelayLeases(database.pool);
        await pause(20);
      }
      child.kill('SIGKILL');
      await child;
      killed += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrentRelays }, live));
  return killed;
};

it(`the webhook relay applies each of ${webhooks} webhooks once when workers are killed`, {
  timeout: 60_000 + webhooks * 60,
}, async () => {
  const { call } = await createTestApi(database);
  const send = async (number: number) => {
    // Only bad reports are signaled.
    const path = `/v1/webhooks/twilio?audition=aud_${number % 50}&participant=p-${number}`;
    const form = { MessageSid: `SM${String(number).padStart(32, '0')}`, MessageStatus: 'undelivered' };
    const signature = twilio.getExpectedTwilioSignature(
      localDefaults.TWILIO_AUTH_TOKEN,
      `https://auditions.example.com${path}`,
      form,
    );
    const { status } = await call('POST', path, {
      body: new URLSearchParams(form).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-twilio-signature': signature },
    });
    expect(status).toBe(204);
  };

  const numbers = Array.from({ length: webhooks }, (_, number) => number);
  const queue = shuffled([...numbers, ...numbers]);
  const sender = async () => {
    for (let number = queue.pop(); number !== undefined; number = queue.pop()) await send(number);
  };
  let allSent = false;
  const sendAll = async () => {
    await Promise.all(Array.from({ length: concurrentSenders }, sender));
    allSent = true;
  };
  const [killed] = await Promise.all([
    runAndKillRelays(async () => allSent && (await countPending()) === 0),
    sendAll(),
  ]);
  expect(killed).toBeGreaterThan(concurrentRelays);

  // A last relay, which is not killed, delivers the rest.
  const last = startRelayProcess('the-last');
  await eventually(
    async () => {
      await endRelayLeases(database.pool);
      return (
        (await countPending()) === 0 &&
        (await count(
          "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'castmatch-relay-webhook_inbox' AND datname = current_database()",
        )) > 0
      );
    },
    120_000,
    async () => JSON.stringify(await database.repositories.inbox.lag()),
  );
  last.kill('SIGTERM');
  expect((await last).exitCode).toBe(0);

  const { rows } = await database.pool.query(
    `SELECT count(*)::int AS effects, count(DISTINCT report ->> 'deliveryId')::int AS deliveries,
      count(*) FILTER (WHERE 'aud_' || (right(report ->> 'deliveryId', 9)::int % 50) = audition)::int AS "matched"
     FROM effects`,
  );
  expect(rows).toEqual([{ effects: webhooks, deliveries: webhooks, matched: webhooks }]);
  expect(await count("SELECT count(*) FROM webhook_inbox WHERE state = 'delivered'")).toBe(webhooks);
  expect(await count('SELECT sum(duplicates) AS count FROM webhook_inbox')).toBe(webhooks);
});
