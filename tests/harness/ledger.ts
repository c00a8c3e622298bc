/** A ledger of one's own, and attempts that crash or give up. */
import { afterAll, beforeAll } from 'vitest';
import type { OperationLedger } from '../../db/ledger/operations.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

export const undoOperation = (key: string) =>
  ({ key, organization: 'org_north', provider: 'zoom', operation: 'meetings.create' }) as const;
export const operation = (key: string, leaseMs = 60_000) =>
  ({ ...undoOperation(key), requestHash: 'h1', leaseMs, handedOver: false }) as const;

export const outcome = { providerId: 'm-1', result: { joinUrl: 'https://example.org/j/1' } };
export const otherOutcome = { providerId: 'm-2', result: { joinUrl: 'https://example.org/j/2' } };

type Pool = TestDatabase['pool'];

/** The process that holds the lease of this operation is gone. */
export const leaseRunsOut = (pool: Pool, key: string) =>
  pool.query('UPDATE operations SET lease_until = now() WHERE key = $1 AND lease_until IS NOT NULL', [key]);

/** An hour passes, for one operation or for all: no process of before holds a lease, and no call is under way. */
export const timePasses = (pool: Pool, key?: string) =>
  pool.query(
    `UPDATE operations SET lease_until = lease_until - interval '1 hour', given_up_at = given_up_at - interval '1 hour'
      WHERE $1::text IS NULL OR key = $1`,
    [key ?? null],
  );

/** Call it at the top of a file; the ledger is there once a test runs. */
export const useLedger = () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  const ledger = (): OperationLedger => database.repositories.ledger;
  /** Begins, and answers with the attempt's number. */
  const begin = async (key: string, leaseMs?: number): Promise<number> => {
    const begun = await ledger().begin(operation(key, leaseMs));
    if ('attempt' in begun) return begun.attempt;
    throw new Error(`${key} is ${begun.kind}`);
  };
  return {
    ledger,
    begin,
    leaseRunsOut: (key: string) => leaseRunsOut(database.pool, key),
    /** An attempt whose process was killed: it began, and its lease has run out. */
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
