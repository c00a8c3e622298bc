/** Runs the SQL that the documents show, in transactions that are rolled back. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../tests/harness/database.ts';
import { fencedBlocks } from '../tests/harness/fenced-blocks.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const runnable = fencedBlocks('sql').filter(({ notRunBecause }) => notRunBecause === undefined);

describe('the database', () => {
  it.each(runnable)('runs the SQL of $document from line $line', async ({ text }) => {
    // The documents say which statements are for the key database.
    const { pool } = /\b(?:data_keys|erased_people)\b/.test(text) ? database.keys : database;
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await expect(client.query(text)).resolves.toBeDefined();
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });
});
