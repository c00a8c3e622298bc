/** Tests that a worker that starts finds the hashes without a key by an index, also in full tables. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query(`
    INSERT INTO deliveries (id, organization, audition_id, participant, channel, address)
    SELECT 'dlv_' || n, 'org_large', 'aud_' || n, 'ada', 'email', 'v1:' || n FROM generate_series(1, 20000) AS n`);
  await database.pool.query(`
    INSERT INTO suppressions (organization, address, reason, delivery_id)
    SELECT 'org_large', 'v1:' || n, 'bounced', 'dlv_' || n FROM generate_series(1, 20000) AS n`);
  await database.pool.query(`
    INSERT INTO connections (id, organization, provider, account_reference, account)
    SELECT 'conn_' || n, 'org_large', 'google', 'v1:' || n, '' FROM generate_series(1, 20000) AS n`);
  await database.pool.query(`
    INSERT INTO operations (key, organization, provider, operation, state, started_at)
    SELECT 'op_' || n, 'org_large', 'zoom', 'meetings.create', 'completed', now() FROM generate_series(1, 5000) AS n`);
  await database.pool.query(`
    INSERT INTO meeting_host_claims (key, revision, audition_id, vendor, host, during)
    SELECT 'op_' || n, 1, 'aud_' || n, 'zoom', 'v1:' || n, tstzrange(now(), now() + interval '1 hour')
    FROM generate_series(1, 5000) AS n`);
  await database.pool.query('ANALYZE');
});
afterAll(() => database.drop());

const plansSchema = z.array(z.object({ 'QUERY PLAN': z.string() }));

it.each([
  [
    'addresses',
    () => database.repositories.unkeyedAddresses.key(),
    ['deliveries_with_unkeyed_address', 'suppressions_with_unkeyed_address'],
  ],
  [
    'account references',
    () => database.repositories.missingReferences.complete(() => {}),
    ['connections_with_unkeyed_reference'],
  ],
  ['hosts', () => database.repositories.unkeyedHosts.key(), ['meeting_host_claims_with_unkeyed_host']],
] as const)('the search for %s without a key reads an index', async (_, search, indexes) => {
  const query = vi.spyOn(database.pool, 'query');
  await search();
  const sent = query.mock.calls.map(
    ([statement, parameters]) =>
      [z.object({ text: z.string() }).parse(statement).text, z.array(z.unknown()).parse(parameters)] as const,
  );
  query.mockRestore();
  const [text, parameters] = sent.find(([text]) => text.includes('[0-9a-f]{64}')) ?? ['', []];
  const { rows } = await database.pool.query(`EXPLAIN ${text}`, [...parameters]);
  const plan = plansSchema
    .parse(rows)
    .map((row) => row['QUERY PLAN'])
    .join('\n');
  for (const index of indexes) expect(plan).toContain(index);
  expect(plan).not.toContain('Seq Scan');
});
