/** Tests the state of integrations as merged from all processes. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  attentionItem,
  factsUntilScheduled,
  newAuditionId,
  storeEvents,
  trail,
} from '../../tests/harness/audition-trail.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { createProviderHealth, type ProviderHealth } from './health.ts';
import { createQuotas } from './quotas.ts';

let database: TestDatabase;
let health: ProviderHealth;
beforeAll(async () => {
  database = await createTestDatabase();
  health = createProviderHealth(database.db);
});
afterAll(() => database.drop());
beforeEach(() =>
  database.pool.query('TRUNCATE provider_health, quota_usage, connections, watch_subscriptions'),
);

const now = '2026-11-25T12:00:00.000Z';
const soon = '2026-11-25T12:00:30.000Z';
const before = '2026-11-25T11:59:00.000Z';

it('provider health returns empty facts for a provider that was never called', async () => {
  expect(await health.facts('zoom', now)).toMatchObject({
    circuit: 'closed',
    lastSuccessAt: undefined,
    quotas: [],
    connections: { connected: 0, needReauthorization: 0 },
    webhooks: { waiting: 0, parked: 0 },
    attention: { open: 0 },
    subscriptions: { active: 0, expired: 0 },
  });
});

it('provider health merges all processes, and keeps fields that a record leaves out', async () => {
  await health.record({
    provider: 'zoom',
    group: 'meetings',
    process: 'w1',
    circuit: 'closed',
    lastSuccessAt: before,
  });
  await health.record({ provider: 'zoom', group: 'meetings', process: 'w2', circuit: 'closed' });
  await health.record({
    provider: 'zoom',
    group: 'meetings',
    process: 'w1',
    circuit: 'open',
    opensAgainAt: soon,
    lastFailureAt: now,
    lastFailure: 'outage (503)',
  });
  expect(await health.facts('zoom', now)).toMatchObject({
    circuit: 'open',
    opensAgainAt: soon,
    lastSuccessAt: before,
    lastFailureAt: now,
    lastFailure: 'outage (503)',
  });
  expect(await health.facts('zoom', '2026-11-25T12:01:00.000Z')).toMatchObject({ circuit: 'half_open' });
  // The process that opened the circuit breaker has ended.
  expect(await health.facts('zoom', '2026-11-25T12:30:00.000Z')).toMatchObject({ circuit: 'closed' });
  await health.record({ provider: 'zoom', group: 'meetings', process: 'w1', circuit: 'closed' });
  expect(await health.facts('zoom', now)).toMatchObject({ circuit: 'closed', opensAgainAt: undefined });
});

it('provider health reports each group of operations that is held back, and the worst of them', async () => {
  const open = { provider: 'zoom', process: 'w1', circuit: 'open', opensAgainAt: soon } as const;
  await health.record({ ...open, group: 'recordings' });
  await health.record({ ...open, group: 'meetings', opensAgainAt: before });
  await health.record({ provider: 'zoom', group: 'users', process: 'w1', circuit: 'closed' });
  expect(await health.facts('zoom', now)).toMatchObject({
    circuit: 'open',
    opensAgainAt: soon,
    heldBack: [
      { group: 'meetings', circuit: 'half_open', opensAgainAt: before },
      { group: 'recordings', circuit: 'open', opensAgainAt: soon },
    ],
  });
});

it('provider health counts the attention items of the provider', async () => {
  const id = newAuditionId();
  const item = attentionItem(`att_${id}-1`, { step: 'meeting', provider: 'zoom' });
  await storeEvents(
    database.repositories.events,
    id,
    trail([...factsUntilScheduled(id, 'org_north'), { type: 'attention_raised', item }]),
  );
  expect(await health.facts('zoom', now)).toMatchObject({ attention: { open: 1 } });
  expect(await health.facts('google', now)).toMatchObject({ attention: { open: 0 } });
});

it('provider health counts an open circuit breaker of an account separately from that of the provider', async () => {
  await health.record({
    provider: 'google',
    group: 'calendar_reads',
    connection: 'conn_1',
    process: 'w1',
    circuit: 'open',
    opensAgainAt: soon,
  });
  expect(await health.facts('google', now)).toMatchObject({ circuit: 'closed', accountsHeldBack: 1 });
});

it('provider health shows the highest quota usage, and until when a quota is exhausted', async () => {
  const quotas = createQuotas(database.db, database.repositories.vault);
  const window = { startMs: Date.parse('2026-11-25T00:00:00Z'), endMs: Date.parse('2026-11-26T00:00:00Z') };
  const claim = {
    provider: 'zoom',
    quota: 'writes',
    window,
    limit: 100,
    organizationLimit: 100,
    previousWindowWeight: 0,
  };
  const [a, b] = [await quotas.nameOf('a'), await quotas.nameOf('b')];
  await quotas.reserve({ ...claim, account: a, organization: 'org_1', count: 7 });
  await quotas.reserve({ ...claim, account: b, organization: 'org_1', count: 40 });
  await quotas.reserve({ ...claim, account: b, organization: 'org_2', count: 41 });
  expect(await health.facts('zoom', now)).toMatchObject({
    quotas: [{ quota: 'writes', used: 81 }],
    closedUntil: undefined,
  });
  await quotas.markExhausted('zoom', b, window.endMs);
  expect(await health.facts('zoom', now)).toMatchObject({
    quotas: [{ quota: 'writes', used: 81 }],
    closedUntil: '2026-11-26T00:00:00.000Z',
  });
  expect(await health.facts('google', now)).toMatchObject({ quotas: [], closedUntil: undefined });
});

it('provider health counts accounts that need reauthorization, and expired subscriptions', async () => {
  await database.pool.query(`
    INSERT INTO connections (id, organization, provider, status, account, access_token_expires_at) VALUES
      ('c1', 'o', 'google', 'connected', 'x', '${soon}'),
      ('c2', 'o', 'google', 'needs_reauthorization', 'x', '${before}')`);
  await database.pool.query(`
    INSERT INTO watch_subscriptions (id, provider, organization, connection, calendar_id, expires_at) VALUES
      ('s1', 'google', 'o', 'c1', 'primary', '${soon}'), ('s2', 'google', 'o', 'c1', 'primary', '${before}')`);
  expect(await health.facts('google', now)).toMatchObject({
    connections: { connected: 1, needReauthorization: 1, nextTokenExpiry: soon },
    subscriptions: { active: 1, expired: 1, nextExpiry: soon },
  });
});

it('provider health deletes past windows of accounts that an earlier version has stored without a key', async () => {
  const { quotas } = database.repositories;
  const windows = {
    zoom: [Date.now() - 1_000_000, Date.now() - 900_000],
    google: [0, Date.now() + 900_000],
  } as const;
  for (const [provider, [startMs, endMs]] of Object.entries(windows)) {
    const used = { provider, quota: 'deleted', organization: 'org_1', window: { startMs, endMs }, count: 1 };
    const limits = { limit: 9, organizationLimit: 9, previousWindowWeight: 0 };
    await quotas.reserve({ ...used, ...limits, account: 'host@example.com' });
    await quotas.reserve({ ...used, ...limits, account: await quotas.nameOf('host') });
  }
  await health.deleteOld(7);
  const { rows } = await database.pool.query(
    "SELECT provider, account LIKE 'v1:%' AS keyed FROM quota_usage WHERE quota = 'deleted' AND organization = 'org_1' ORDER BY 1, 2",
  );
  expect(rows).toEqual([
    { provider: 'google', keyed: false },
    { provider: 'google', keyed: true },
    { provider: 'zoom', keyed: true },
  ]);
});

it('provider health deletes rows of processes that have ended', async () => {
  await health.record({
    provider: 'zoom',
    group: 'meetings',
    process: 'ended',
    circuit: 'closed',
    lastSuccessAt: before,
  });
  await database.pool.query("UPDATE provider_health SET updated_at = now() - interval '8 days'");
  await health.record({ provider: 'zoom', group: 'meetings', process: 'running', circuit: 'closed' });
  expect(await health.deleteOld(7)).toBe(1);
  expect(await health.facts('zoom', now)).toMatchObject({ lastSuccessAt: undefined });
});

it('provider health does not count a grant that is revoked and remembered for ten minutes', async () => {
  const { pool, repositories } = database;
  await pool.query(
    `INSERT INTO pending_revocations (id, organization, provider, connection, sealed_refresh_token, correlation_id, next_attempt_at, created_at)
     VALUES ('rev_1', 'org_north', 'zoom', 'conn_1', 'sealed', 'c', now(), now() - interval '2 days')`,
  );
  const pending = async () =>
    (await repositories.providerHealth.facts('zoom', '2026-11-24T09:00:00.000Z')).revocations.pending;
  expect(await pending()).toBe(1);
  await repositories.pendingRevocations.complete('rev_1');
  expect(await pending()).toBe(0);
});
