/**
 * Tests that the queries of work queues and lists find their rows by an index. Each table has 100,000 rows, of which few are
 * due: a scan of the whole table would repeat in each round.
 */
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { AuditionId, ConnectionId, OrganizationId } from '../domain/ids.ts';
import { participantIdSchema } from '../domain/ids.ts';
import { createTestDatabase, type TestDatabase } from '../tests/harness/database.ts';

const organization: OrganizationId = 'org_large';
const connection: ConnectionId = 'conn_7';
const audition: AuditionId = 'aud_7';

const columnsSchema = z.array(z.object({ column_name: z.string(), udt_name: z.string() }));

/** SQL for the required columns of a table, by type. `n` is the number of the row. */
const valueOf = (column: string, type: string): string => {
  switch (type) {
    case 'timestamptz':
      return `now() - n * interval '1 minute'`;
    case 'jsonb':
      return `'{}'`;
    case 'bool':
      return 'false';
    case '_text':
      return `'{}'`;
    case 'text':
      return `'${column}_' || n`;
    default:
      return 'n';
  }
};

const rowCount = 100_000;
const due = (value: string, otherwise: string): string =>
  `CASE WHEN n % 1000 = 0 THEN ${value} ELSE ${otherwise} END`;

/** The columns that a queue reads. One row of a thousand is due. */
const tables: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  outbox: {
    organization: `'org_' || n % 100`,
    audition_id: `'aud_' || n`,
    next_attempt_at: due('now()', `now() + interval '1 hour'`),
  },
  webhook_inbox: {
    state: due(`'received'`, `CASE WHEN n % 100 = 1 THEN 'parked' ELSE 'delivered' END`),
    data_key: `CASE WHEN n % 100 = 1 THEN 'inbox:2026' ELSE '' END`,
    next_attempt_at: 'now()',
    settled_at: `now() - n * interval '1 minute'`,
  },
  deliveries: {
    organization: `'org_' || n % 100`,
    audition_id: `'aud_' || n`,
    channel: `'sms'`,
    status: due(`'queued'`, `'delivered'`),
  },
  connections: {
    id: `'conn_' || n`,
    provider: `'google'`,
    provider_account: `'k:' || n`,
    account: `'k'`,
    sealed_credential: `'k'`,
    status: due(`'needs_reauthorization'`, `'connected'`),
    access_token_expires_at: `now() + n * interval '1 minute'`,
  },
  pending_revocations: {
    next_attempt_at: due('now()', `now() + interval '1 hour'`),
    provider_account: `'k:' || n`,
  },
  recordings: {
    organization: `'org_' || n % 100`,
    audition_id: `'aud_' || n`,
    state: due(`'deleting'`, `'stored'`),
    retain_until: `now() + n * interval '1 day'`,
    copy_held_at: due('now()', 'NULL'),
  },
  session_blocks: {
    organization: `'org_' || n % 100`,
    reports_left: due('1', '0'),
    report_at: due('now()', 'NULL'),
  },
  synced_events: {
    connection: `'conn_' || n % 100`,
    calendar: `'calendar_' || n % 100`,
    marked_audition: due(`'aud_' || n`, 'NULL'),
    audition_id: due(`'aud_' || n`, 'NULL'),
  },
  watch_subscriptions: { connection: `'conn_' || n`, secret_hashes: `'{}'` },
  administrative_acts: { organization: `'org_' || n % 100` },
  operations: { audition_id: `'aud_' || n`, state: due(`'open'`, `'completed'`) },
  authorization_requests: { expires_at: due('now()', `now() + interval '1 hour'`), scopes: `'{}'` },
  response_links: { organization: `'org_' || n % 100`, audition_id: `'aud_' || n` },
  suppressions: { organization: `'org_' || n % 100` },
  busy_calendars: {
    audition_id: `'aud_' || n`,
    connection: `'conn_' || n % 100`,
    data_key: `'ledger:2026-01'`,
  },
};

let database: TestDatabase;

const fill = async (table: string, columns: Readonly<Record<string, string>>): Promise<void> => {
  const { rows } = await database.pool.query(
    `SELECT column_name, udt_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1
       AND is_nullable = 'NO' AND column_default IS NULL`,
    [table],
  );
  const required = columnsSchema
    .parse(rows)
    .map(({ column_name: name, udt_name: type }) => [name, valueOf(name, type)] as const);
  const values = { ...Object.fromEntries(required), ...columns };
  // In parts, each of which ends before the statement timeout.
  for (let from = 1; from < rowCount; from += 20_000) {
    await database.pool.query(`
      INSERT INTO ${table} (${Object.keys(values).join(', ')}) SELECT ${Object.values(values).join(', ')}
      FROM generate_series(${from}, ${from + 19_999}) AS n`);
  }
};

// A connection keeps the function that it finds when it is opened.
const query = vi.spyOn(Client.prototype, 'query');

beforeAll(async () => {
  database = await createTestDatabase();
  for (const [table, columns] of Object.entries(tables)) await fill(table, columns);
  await database.pool.query('ANALYZE');
}, 240_000);
afterAll(async () => {
  query.mockRestore();
  await database.drop();
});

const sentSchema = z.tuple([z.string().or(z.object({ text: z.string() })), z.unknown()]).rest(z.unknown());
const planSchema = z.array(z.object({ 'QUERY PLAN': z.string() }));

/** Returns the plans of the statements that a call sends. Its result does not matter. */
const plansOf = async (call: () => Promise<unknown>): Promise<string> => {
  query.mockClear();
  await call().catch(() => undefined);
  const calls: readonly (readonly unknown[])[] = [...query.mock.calls];
  const sent = calls.flatMap((parts) => {
    const parsed = sentSchema.safeParse([parts[0], parts[1], ...parts.slice(2)]);
    if (!parsed.success) return [];
    const [statement, parameters] = parsed.data;
    const text = typeof statement === 'string' ? statement : statement.text;
    return /^\s*(?:SELECT|UPDATE|DELETE|WITH)/i.test(text) ? [{ text, parameters }] : [];
  });
  const plans: string[] = [];
  for (const { text, parameters } of sent) {
    const values = z.array(z.unknown()).safeParse(parameters).data ?? [];
    const { rows } = await database.pool.query(`EXPLAIN ${text}`, values);
    plans.push(
      planSchema
        .parse(rows)
        .map((row) => row['QUERY PLAN'])
        .join('\n'),
    );
  }
  expect(plans.length).toBeGreaterThan(0);
  return plans.join('\n');
};

const filled = Object.keys(tables).join('|');

const silent = { olderThanMs: 3_600_000, youngerThanMs: 86_400_000, except: [], limit: 50 } as const;

it.each<readonly [string, (test: TestDatabase['repositories']) => Promise<unknown>]>([
  ['due deliveries to endpoints', ({ outbox }) => outbox.claim(50, 1_000)],
  ['due webhooks', ({ inbox }) => inbox.claim(50, 1_000)],
  ['parked webhooks', ({ inbox }) => inbox.listParked({ limit: 25 })],
  ['a webhook', ({ inbox }) => inbox.find('whk_1')],
  ['tokens to refresh', ({ connections }) => connections.listExpiring(600_000, 100)],
  ['accounts to reconnect', ({ disconnectedAccounts }) => disconnectedAccounts.unnotified(20)],
  ['grants to revoke', ({ pendingRevocations }) => pendingRevocations.claim(20)],
  ['expired authorization requests', ({ authorizationRequests }) => authorizationRequests.deleteExpired()],
  ['recordings to delete', ({ recordingDeletions }) => recordingDeletions.listDeleting(50)],
  ['recordings past their retention', ({ recordingDeletions }) => recordingDeletions.beginExpired(50)],
  ['copies at the provider', ({ heldCopies }) => heldCopies.listReleased(50)],
  [
    'text messages without a status',
    ({ silentMessages }) => silentMessages.list({ channel: 'sms', status: 'queued', ...silent }),
  ],
  [
    'emails that are deferred',
    ({ silentMessages }) => silentMessages.list({ channel: 'email', status: 'deferred', ...silent }),
  ],
  ['a delivery', ({ noticeDeliveries }) => noticeDeliveries.find('dlv_1')],
  ['blocks to report', ({ blockReports }) => blockReports.claim(1_000)],
  ['session blocks', ({ sessionBlocks }) => sessionBlocks.list(organization, {}, { limit: 25 })],
  ['administrative acts', ({ administrativeActs }) => administrativeActs.list(organization, { limit: 25 })],
  [
    'subscriptions of a connection',
    ({ watchSubscriptions }) => watchSubscriptions.listByConnection(connection),
  ],
  ['events without a known write', ({ syncedEvents }) => syncedEvents.count(connection)],
  ['connections of an account', ({ inboxRouting }) => inboxRouting.connectionsOfAccount('google', 'ann')],
  ['correlation ids', ({ inboxRouting }) => inboxRouting.correlationIdsOf([audition])],
  ['the meeting of a webhook', ({ inboxRouting }) => inboxRouting.usersOfMeeting('zoom', 'm-1')],
  [
    'auditions of a person',
    ({ people }) => people.listAuditions({ organization, participant: participantIdSchema.parse('ada') }),
  ],
])('an index finds %s', async (_what, call) => {
  const plans = await plansOf(() => call(database.repositories));
  expect(plans).not.toMatch(new RegExp(`Seq Scan on (?:${filled})\\b`));
});
