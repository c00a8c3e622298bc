/** Tests that lists read an index in its order. A sort or a scan of the table is slow only in a full table. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { type OrganizationId, projectIdSchema, roleIdSchema } from '../../domain/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { encodeCursor } from '../cursor.ts';

let database: TestDatabase;
const organization: OrganizationId = 'org_large';

beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query(`
    INSERT INTO auditions (id, organization, project, role, state, needs_attention, scheduled_for, requested_at, sequence, view)
    SELECT 'aud_' || n, 'org_large', 'prj_' || n % 50, 'rol_' || n % 400,
           CASE WHEN n % 40 = 0 THEN 'scheduled' WHEN n % 4 = 0 THEN 'cancelled' ELSE 'closed' END,
           n % 100 = 0, timestamptz '2026-01-01' + n * interval '5 minutes',
           timestamptz '2025-12-01' + n * interval '5 minutes', 1, '{}'
    FROM generate_series(1, 100000) AS n`);
  await database.pool.query(`
    INSERT INTO attention_items (id, organization, audition_id, raised_at, item)
    SELECT 'att_' || n, 'org_large', 'aud_' || n, timestamptz '2026-01-01' + n * interval '1 minute', '{}'
    FROM generate_series(1, 3000) AS n`);
  await database.pool.query(`
    INSERT INTO outbox (organization, audition_id, sequence) SELECT 'org_large', 'aud_' || n, 1 FROM generate_series(1, 20000) AS n`);
  await database.pool.query('ANALYZE');
});
afterAll(() => database.drop());

const statementSchema = z.object({ text: z.string() });
const planSchema = z.tuple([z.object({ 'QUERY PLAN': z.string() })], z.object({ 'QUERY PLAN': z.string() }));

/** Returns the plans of the statements that a call sends. Its result does not matter: the views are empty. */
const plansOf = async (call: () => Promise<unknown>): Promise<string> => {
  const query = vi.spyOn(database.pool, 'query');
  await call().catch(() => undefined);
  const sent = query.mock.calls.map(([statement, parameters]): readonly [string, unknown] => [
    statementSchema.parse(statement).text,
    parameters,
  ]);
  query.mockRestore();
  const plans = sent.map(async ([text, parameters]) => {
    const { rows } = await database.pool.query(`EXPLAIN ${text}`, z.array(z.unknown()).parse(parameters));
    return planSchema
      .parse(rows)
      .map((row) => row['QUERY PLAN'])
      .join('\n');
  });
  return (await Promise.all(plans)).join('\n');
};

const page = { limit: 25 };
const later = { limit: 25, cursor: encodeCursor({ at: '2026-06-01T00:00:00.000Z', id: 'aud_1' }) };

it.each([
  ['all', {}, page],
  ['the next page', {}, later],
  ['one state', { state: 'scheduled' }, page],
  ['one state, the next page', { state: 'scheduled' }, later],
  ['one project', { project: projectIdSchema.parse('prj_7') }, page],
  ['one role', { role: roleIdSchema.parse('rol_7') }, page],
  [
    'one role of a project',
    { project: projectIdSchema.parse('prj_7'), role: roleIdSchema.parse('rol_7') },
    page,
  ],
  [
    'those of a week',
    { scheduledFrom: '2026-06-01T00:00:00.000Z', scheduledUntil: '2026-06-08T00:00:00.000Z' },
    page,
  ],
  ['those that need attention', { needsAttention: true }, page],
] as const)('a page of auditions is read in the order of an index: %s', async (_case, filter, at) => {
  const plans = await plansOf(() => database.repositories.auditions.list(organization, filter, at));
  expect(plans).toContain('Index Scan using auditions_');
  expect(plans).not.toMatch(/Sort|Seq Scan on auditions/);
});

it.each([
  ['the first page', page],
  ['the next page', { limit: 25, cursor: encodeCursor({ at: '2026-01-02T00:00:00.000Z', id: 'att_1' }) }],
])('a page of attention items is read in the order of an index: %s', async (_case, at) => {
  const plans = await plansOf(() => database.repositories.auditions.listAttentionItems(organization, at));
  expect(plans).toContain('Index Scan using attention_items_by_age');
  expect(plans).not.toMatch(/Sort|Seq Scan/);
});
