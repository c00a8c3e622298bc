/** Tests that lists read an index in its order. A sort or a scan of the table is slow only in a full table. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { type OrganizationId, participantIdSchema, projectIdSchema, roleIdSchema } from '../../domain/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { encodeCursor } from '../cursor.ts';

let database: TestDatabase;
const organization: OrganizationId = 'org_large';

beforeAll(async () => {
  database = await createTestDatabase();
  // In parts, each of which ends before the statement timeout.
  for (let from = 1; from < 100_000; from += 10_000)
    await database.pool.query(`
    INSERT INTO auditions (id, organization, project, role, state, needs_attention, scheduled_for, requested_at, sequence, view)
    SELECT 'aud_' || n, 'org_large', 'prj_' || n % 50, 'rol_' || n % 400,
           CASE WHEN n % 40 = 0 THEN 'scheduled' WHEN n % 4 = 0 THEN 'cancelled' ELSE 'closed' END,
           n % 100 = 0, CASE WHEN n % 10 > 0 THEN timestamptz '2026-01-01' + n * interval '5 minutes' END,
           timestamptz '2025-12-01' + n * interval '5 minutes', 1,
           jsonb_build_object('participants', jsonb_build_array(
             jsonb_build_object('id', 'ada-' || n % 1000, 'kind', 'performer'), jsonb_build_object('id', 'eve', 'kind', 'reader')))
    FROM generate_series(${from}, ${from + 9_999}) AS n`);
  await database.pool.query(`
    INSERT INTO attention_items (id, organization, audition_id, raised_at, item)
    SELECT 'att_' || n, 'org_large', 'aud_' || n, timestamptz '2026-01-01' + n * interval '1 minute', '{}'
    FROM generate_series(1, 3000) AS n`);
  await database.pool.query(`
    INSERT INTO outbox (organization, audition_id, sequence) SELECT 'org_large', 'aud_' || n, 1 FROM generate_series(1, 20000) AS n`);
  await database.pool.query(`
    INSERT INTO deliveries (id, organization, audition_id, participant, channel, status)
    SELECT 'dlv_' || n, 'org_large', 'aud_' || n, 'ada', 'email', 'delivered' FROM generate_series(1, 20000) AS n`);
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

const performer = participantIdSchema.parse('ada-7');
const bySlot = { limit: 25, order: 'scheduledFor' } as const;
const latestSlot = { limit: 25, order: '-scheduledFor' } as const;
const laterBySlot = {
  ...bySlot,
  cursor: encodeCursor({ at: '2026-06-01T00:00:00.000Z', id: 'aud_1', order: 'scheduledFor' }),
};
const week = {
  scheduledFrom: '2026-06-01T00:00:00.000Z',
  scheduledUntil: '2026-06-08T00:00:00.000Z',
} as const;

it.each([
  ['all', {}, page],
  ['the next page', {}, later],
  ['one state', { states: ['scheduled'] }, page],
  ['one state, the next page', { states: ['scheduled'] }, later],
  ['one project', { project: projectIdSchema.parse('prj_7') }, page],
  ['one role', { role: roleIdSchema.parse('rol_7') }, page],
  [
    'one role of a project',
    { project: projectIdSchema.parse('prj_7'), role: roleIdSchema.parse('rol_7') },
    page,
  ],
  ['those of a week', week, page],
  ['the oldest request first', {}, { limit: 25, order: 'requestedAt' }],
  ['several states', { states: ['scheduled', 'confirmed', 'closed'] }, page],
  ['several states, the next page', { states: ['scheduled', 'confirmed', 'closed'] }, later],
  [
    'several states of a project',
    { states: ['scheduled', 'closed'], project: projectIdSchema.parse('prj_7') },
    page,
  ],
  ['by slot', {}, bySlot],
  ['by slot, the next page', {}, laterBySlot],
  ['the latest slot first', {}, latestSlot],
  ['those of a week, by slot', week, bySlot],
  ['one state by slot', { states: ['scheduled'] }, bySlot],
  ['several states by slot', { states: ['scheduled', 'confirmed', 'closed'] }, laterBySlot],
  ['one project by slot', { project: projectIdSchema.parse('prj_7') }, bySlot],
  ['one role by slot, the latest first', { role: roleIdSchema.parse('rol_7') }, latestSlot],
  ['those that need attention by slot', { needsAttention: true }, bySlot],
  ['one performer', { performer }, page],
  ['one performer, the next page', { performer }, later],
  ['one performer by slot', { performer }, bySlot],
  ['one performer by slot, the next page', { performer }, laterBySlot],
  ['one performer who needs attention', { performer, needsAttention: true }, page],
  ['one performer in a project', { performer, project: projectIdSchema.parse('prj_7') }, bySlot],
  ['one performer in one state', { performer, states: ['scheduled'] }, bySlot],
  ['one performer in several states', { performer, states: ['scheduled', 'confirmed'] }, page],
  ['those that need attention', { needsAttention: true }, page],
] as const)('a page of auditions is read in the order of an index: %s', async (_case, filter, at) => {
  const plans = await plansOf(() => database.repositories.auditions.list(organization, filter, at));
  expect(plans).toMatch(/Index Scan (Backward )?using audition(s|_performers)_/);
  expect(plans).not.toMatch(/Sort(?! Key)|Seq Scan/);
});

it.each([
  ['the first page', page],
  ['the next page', { limit: 25, cursor: encodeCursor({ at: '2026-01-02T00:00:00.000Z', id: 'att_1' }) }],
])('a page of attention items is read in the order of an index: %s', async (_case, at) => {
  const plans = await plansOf(() => database.repositories.auditions.listAttentionItems(organization, at));
  expect(plans).toContain('Index Scan using attention_items_by_age');
  expect(plans).not.toMatch(/Sort|Seq Scan/);
});

it('the meetings of the sessions that begin now are found by an index, in all organizations', async () => {
  const nowMs = Date.parse('2026-06-01T00:00:00.000Z');
  const plans = await plansOf(() => database.repositories.meetingWatch.claim(nowMs, 15_000, 50));
  expect(plans).toContain('auditions_by_start');
  expect(plans).not.toContain('Seq Scan on auditions');
});
