/** Provides a ledger in a new database, and attempts that crashed or were released. */
import { afterAll, beforeAll } from 'vitest';
import type { OperationLedger } from '../../db/ledger/operations.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

export const undoOperation = (key: string) =>
  ({ key, organization: 'org_north', provider: 'zoom', operation: 'meetings.create' }) as const;
/** Returns an operation that can begin. The lease is in milliseconds. */
export const operation = (key: string, leaseMs = 60_000) =>
  ({ ...undoOperation(key), requestHash: 'h1', leaseMs, handedOver: false }) as const;

export const outcome = { providerId: 'm-1', result: { joinUrl: 'https://example.org/j/1' } };
export const otherOutcome = { providerId: 'm-2', result: { joinUrl: 'https://example.org/j/2' } };

type Pool = TestDatabase['pool'];

/** Expires the lease of this operation, as after a crash of the process that held it. */
export const leaseRunsOut = (pool: Pool, key: string) =>
  pool.query('UPDATE operations SET lease_until = now() WHERE key = $1 AND lease_until IS NOT NULL', [key]);

/** Moves the leases and calls of one operation (or all) an hour into the past, so that all of them have ended. */
export const timePasses = (pool: Pool, key?: string) =>
  pool.query(
    `UPDATE operations SET lease_until = lease_until - interval '1 hour', given_up_at = given_up_at - interval '1 hour'
      WHERE $1::text IS NULL OR key = $1`,
    [key ?? null],
  );

/** Call it at the top of a test file. The ledger can be used inside tests. */
export const useLedger = () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  const ledger = (): OperationLedger => database.repositories.ledger;
  /** Begins the operation, and returns the number of the attempt. */
  const begin = async (key: string, leaseMs?: number): Promise<number> => {
    const begun = await ledger().begin(operation(key, leaseMs));
    if ('attempt' in begun) return begun.attempt;
    throw new Error(`${key} is ${begun.kind}`);
  };
  return {
    ledger,
    begin,
    leaseRunsOut: (key: string) => leaseRunsOut(database.pool, key),
    /** Returns the stored rows of the key, as the database has them. */
    rowsOf: async (key: string): Promise<unknown[]> =>
      (await database.pool.query('SELECT * FROM operations WHERE key = $1', [key])).rows,
    /** Creates an attempt whose process was killed: it began, and its lease has expired. */
    crashedAttempt: async (key: string, { handedOver }: { handedOver: boolean }): Promise<number> => {
      const attempt = await begin(key);
      if (handedOver) await ledger().handOver(key, attempt);
      await leaseRunsOut(database.pool, key);
      return attempt;
    },
    releasedAttempt: async (
      key: string,
      effect: 'none' | 'unknown' | 'open',
      { handedOver = true }: { handedOver?: boolean } = {},
    ): Promise<void> => {
      const attempt = await begin(key);
      if (handedOver) await ledger().handOver(key, attempt);
      await ledger().release(key, attempt, effect);
    },
  };
};
