/**
 * Tests that each column that refers to another table has an index. Without one, a deletion of the other row, an erasure and
 * a look-up read the whole table, which is slow only in a full one.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { createTestDatabase, type TestDatabase } from '../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const rowsSchema = z.array(z.object({ name: z.string() }));

/** Whether an index begins with the column, or with the organization or the audition and the column. */
const isIndexed = `EXISTS (
  SELECT FROM pg_index AS i
  LEFT JOIN pg_attribute AS first ON first.attrelid = i.indrelid AND first.attnum = i.indkey[0]
  WHERE i.indrelid = a.attrelid
    AND (i.indkey[0] = a.attnum OR (i.indkey[1] = a.attnum AND first.attname IN ('organization', 'audition_id')))
)`;

it('every foreign key has an index', async () => {
  const { rows } = await database.pool.query(`
    SELECT c.conrelid::regclass || '.' || a.attname AS name FROM pg_constraint AS c
    JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    WHERE c.contype = 'f' AND NOT ${isIndexed} ORDER BY 1`);
  expect(rowsSchema.parse(rows)).toEqual([]);
});

/** Columns with the id of another row that have no foreign key, because the rows live for different times. */
const references = [
  'audition',
  'audition_id',
  'block',
  'connection',
  'connection_id',
  'data_key',
  'delivery_id',
  'endpoint',
  'endpoint_id',
  'operation_key',
  'participant',
  'provider_account',
  'recording_id',
  'subject',
];

/** Columns that no query looks up, each with what finds the row. */
const unread: Readonly<Record<string, string>> = {
  'authorization_requests.connection': 'the state of the flow',
  'calendar_removals.audition_id': 'the event',
  'endpoint_progress.audition_id': 'endpoint and audition',
  'join_links.participant': 'the audition',
  'meeting_host_claims.audition_id': 'the row of the ledger',
  'meeting_registrants.participant': 'the link of the participant',
  'pending_revocations.connection': 'the time when it is due',
  'provider_health.connection': 'provider and connection',
  'response_links.participant': 'the audition',
  'suppressions.delivery_id': 'the address',
  'synced_events.participant': 'the audition, or the calendar',
};

it('every column that refers to another row has an index', async () => {
  const { rows } = await database.pool.query(
    `SELECT a.attrelid::regclass || '.' || a.attname AS name FROM pg_attribute AS a
     JOIN pg_class AS t ON t.oid = a.attrelid
     WHERE t.relkind = 'r' AND t.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
       AND a.attname = ANY($1) AND NOT ${isIndexed} ORDER BY 1`,
    [references],
  );
  expect(rowsSchema.parse(rows).map(({ name }) => name)).toEqual(Object.keys(unread).toSorted());
});
