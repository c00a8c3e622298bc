/** The relay loop of inbox and outbox, with notifications and broken connections of a real PostgreSQL. */
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
/** Polls once an hour by default, so that a test sees only rounds that a notification starts. */
const setUp = ({ pollIntervalMs = 3_600_000, round = async (): Promise<boolean> => false } = {}) => {
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
    logger: { warn: (_fields: unknown, message?: string) => warnings.push(message ?? '') },
  });
  onTestFinished(() => relay.stop());
  const isAt = (wanted: number) => eventually(() => rounds === wanted, 10_000);
  const notify = () => database.db.execute(sql`SELECT pg_notify(${channel}, '')`);
  return { relay, channel, warnings, isAt, notify, rounds: () => rounds };
};

it('the relay runs a round at its start and after each notification', async () => {
  const { isAt, notify, rounds } = setUp();
  await isAt(1);
  await notify();
  await isAt(2);
  expect(rounds()).toBe(2);
});

it('the relay runs rounds without a pause while there are more rows', async () => {
  const remaining = [true, true, false];
  const { isAt, rounds } = setUp({ round: async () => remaining.shift() ?? false });
  await isAt(3);
  expect(rounds()).toBe(3);
});

it('the relay runs another round after a notification during a round', async () => {
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

it('the relay polls when there are no notifications', async () => {
  const { rounds } = setUp({ pollIntervalMs: 10 });
  await eventually(() => rounds() >= 3, 10_000);
  expect(rounds()).toBeGreaterThanOrEqual(3);
});

it('the relay listens again after its connection is cut, and first runs a round for missed notifications', async () => {
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

it('the relay logs a failed round and retries', async () => {
  let failures = 0;
  const { isAt, warnings } = setUp({
    round: async () => {
      failures += 1;
      if (failures === 1) throw new Error('Temporal is unreachable');
      return false;
    },
  });
  await isAt(2);
  expect(warnings).toEqual(['relay round failed; retrying']);
});

it('the relay finishes its round when it is stopped and starts no other', async () => {
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

const listeners = async (channel: string): Promise<readonly number[]> => {
  const { rows } = await database.pool.query<{ pid: number }>(
    'SELECT pid FROM pg_stat_activity WHERE application_name = $1',
    [`castmatch-relay-${channel}`],
  );
  return rows.map(({ pid }) => pid);
};

it('the relay listens on a new connection after a failed round', async () => {
  let isDown = false;
  const { channel, isAt, notify, warnings } = setUp({
    round: async () => {
      if (isDown) throw new Error('the server refuses to write');
      return false;
    },
  });
  await isAt(1);
  const first = await listeners(channel);
  expect(first).toHaveLength(1);
  isDown = true;
  await notify();
  await eventually(() => warnings.length > 0, 10_000);
  isDown = false;
  await isAt(3);

  const second = await listeners(channel);
  expect(second).toHaveLength(1);
  expect(second).not.toEqual(first);
});
