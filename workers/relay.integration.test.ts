/** The loop beneath inbox and outbox, with the notifications and the broken connections of a real PostgreSQL. */
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../tests/harness/database.ts';
import { eventually } from '../tests/harness/eventually.ts';
import { startRelay } from './relay.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

let count = 0;
/** Looks by itself so seldom that a test does not live to see it. */
const setUp = ({
  lookEveryMs: pollIntervalMs = 3_600_000,
  round = async (): Promise<boolean> => false,
} = {}) => {
  count += 1;
  const channel = `test_${count}`;
  let rounds = 0;
  const warnings: string[] = [];
  const relay = startRelay({
    name: 'test',
    notifications: { databaseUrl: database.url, channel },
    pollIntervalMs,
    round: async () => {
      rounds += 1;
      return round();
    },
    logger: { warn: (_about: unknown, message?: string) => warnings.push(message ?? '') },
  });
  onTestFinished(() => relay.stop());
  const isAt = (wanted: number) => eventually(() => rounds === wanted, 10_000);
  const notify = () => database.db.execute(sql`SELECT pg_notify(${channel}, '')`);
  return { relay, channel, warnings, isAt, notify, rounds: () => rounds };
};

it('looks at once when it starts, and again when it is notified', async () => {
  const { isAt, notify, rounds } = setUp();
  await isAt(1);
  await notify();
  await isAt(2);
  expect(rounds()).toBe(2);
});

it('goes on without waiting as long as there is more', async () => {
  const left = [true, true, false];
  const { isAt, rounds } = setUp({ round: async () => left.shift() ?? false });
  await isAt(3);
  expect(rounds()).toBe(3);
});

it('hears what is notified while it works', async () => {
  const { promise: working, resolve: done } = Promise.withResolvers<void>();
  const { isAt, notify, rounds } = setUp({
    round: async () => {
      await working;
      return false;
    },
  });
  await isAt(1);
  await notify();
  done();
  await isAt(2);
  expect(rounds()).toBe(2);
});

it('looks every so often when nothing is notified', async () => {
  const { rounds } = setUp({ lookEveryMs: 10 });
  await eventually(() => rounds() >= 3, 10_000);
  expect(rounds()).toBeGreaterThanOrEqual(3);
});

it('listens anew when its connection is cut, having looked for what it may have missed', async () => {
  const { channel, isAt, notify, rounds } = setUp();
  await isAt(1);
  await database.db.execute(sql`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = ${`castmatch-relay-${channel}`} AND datname = current_database()
  `);
  await isAt(2);
  await notify();
  await isAt(3);
  expect(rounds()).toBe(3);
});

it('says that a round failed, and tries again', async () => {
  let failures = 0;
  const { isAt, warnings } = setUp({
    round: async () => {
      failures += 1;
      if (failures === 1) throw new Error('Temporal is away');
      return false;
    },
  });
  await isAt(2);
  expect(warnings).toEqual(['the relay could not carry on: it tries again']);
});

it('ends its round before it stops, and begins no other', async () => {
  const { promise: working, resolve: done } = Promise.withResolvers<void>();
  const { relay, isAt, notify, rounds } = setUp({
    round: async () => {
      await working;
      return true;
    },
  });
  await isAt(1);
  const stopped = relay.stop();
  done();
  await stopped;
  await notify();
  expect(rounds()).toBe(1);
});
