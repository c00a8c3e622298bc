/** Tests quotas with many simultaneous callers. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { QuotaStore } from '../../domain/providers/quota-store.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { createQuotas } from './quotas.ts';

let database: TestDatabase;
let quotas: QuotaStore;
beforeAll(async () => {
  database = await createTestDatabase();
  quotas = createQuotas(database.db, database.repositories.vault);
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.pool.query('TRUNCATE quota_usage, quota_leases, organizations');
});

const day = { startMs: Date.UTC(2026, 10, 25), endMs: Date.UTC(2026, 10, 26) };
const claim = {
  provider: 'zoom',
  quota: 'meetings',
  account: 'host',
  organization: 'org_1',
  window: day,
  count: 1,
  limit: 100,
  organizationLimit: 80,
  previousWindowWeight: 0,
};

const organizationsAre = async (...ids: readonly ('org_1' | 'org_2')[]) => {
  for (const id of ids) {
    await database.repositories.organizations.put({ id, name: id, meetingProviders: [] });
  }
};
const grantedOf = (answers: readonly Awaited<ReturnType<QuotaStore['reserve']>>[]) =>
  answers.filter(({ kind }) => kind === 'granted').length;
const many = <Result>(count: number, work: () => Promise<Result>) =>
  Promise.all(Array.from({ length: count }, work));

describe('quota', () => {
  it('is never exceeded by simultaneous reservations', async () => {
    const answers = await many(150, () => quotas.reserve(claim));
    expect(grantedOf(answers)).toBe(100);
    expect(answers).toContainEqual({ kind: 'refused', by: 'limit', used: 100, before: 0 });
    expect(await quotas.reserve({ ...claim, window: { startMs: day.endMs, endMs: day.endMs + 1 } })).toEqual({
      kind: 'granted',
      used: 1,
    });
  });

  it('limits the share of an organization while there are others', async () => {
    await organizationsAre('org_1', 'org_2');
    expect(grantedOf(await many(120, () => quotas.reserve(claim)))).toBe(80);
    expect(await quotas.reserve(claim)).toMatchObject({ kind: 'refused', by: 'share' });
    const other = { ...claim, organization: 'org_2' };
    expect(grantedOf(await many(40, () => quotas.reserve(other)))).toBe(20);
    expect(await quotas.reserve(other)).toMatchObject({ kind: 'refused', by: 'limit', used: 100 });
  });

  it('has no limit per organization when there is only one', async () => {
    await organizationsAre('org_1');
    expect(grantedOf(await many(110, () => quotas.reserve(claim)))).toBe(100);
  });

  it('counts the usage of the previous window by its weight', async () => {
    const minute = { startMs: day.startMs, endMs: day.startMs + 60_000 };
    const next = { startMs: minute.endMs, endMs: minute.endMs + 60_000 };
    const sliding = { ...claim, organizationLimit: 100, limit: 100 };
    await quotas.reserve({ ...sliding, window: minute, count: 80 });
    const half = { ...sliding, window: next, previousWindowWeight: 0.5 };
    expect(await quotas.reserve({ ...half, count: 61 })).toEqual({
      kind: 'refused',
      by: 'limit',
      used: 0,
      before: 80,
    });
    expect(await quotas.reserve({ ...half, count: 60 })).toEqual({ kind: 'granted', used: 60 });
    expect(await quotas.reserve(half)).toMatchObject({ kind: 'refused', used: 60 });
    expect(await quotas.reserve({ ...half, previousWindowWeight: 0.25 })).toMatchObject({
      kind: 'granted',
      used: 61,
    });
  });

  it('returns unused units to the organization and to the total', async () => {
    await organizationsAre('org_1', 'org_2');
    await many(80, () => quotas.reserve(claim));
    await many(20, () => quotas.returnUnused(claim, day, 1));
    expect(grantedOf(await many(30, () => quotas.reserve(claim)))).toBe(20);
    expect(grantedOf(await many(30, () => quotas.reserve({ ...claim, organization: 'org_2' })))).toBe(20);
  });

  it('is reserved and returned simultaneously without deadlock', async () => {
    await many(50, async () => {
      await quotas.reserve(claim);
      await quotas.returnUnused(claim, day, 1);
    });
    expect(await quotas.reserve(claim)).toEqual({ kind: 'granted', used: 1 });
  });
});

it('exhausted accounts are listed until the latest time that the vendor named', async () => {
  await quotas.markExhausted('zoom', 'host', day.endMs);
  await quotas.markExhausted('zoom', 'host', day.startMs);
  expect(await quotas.listExhausted(day.startMs)).toEqual([
    { provider: 'zoom', account: 'host', untilMs: day.endMs },
  ]);
  expect(await quotas.listExhausted(day.endMs)).toEqual([]);
});

describe('lease for concurrent calls at an account', () => {
  const mailbox = { provider: 'microsoft', quota: 'at_once', account: 'conn_1', organization: 'org_1' };

  it('is granted up to the limit, and again after a release', async () => {
    const leases = await many(20, () => quotas.acquireLease(mailbox, 4, 60_000));
    const held = leases.filter((lease) => lease !== undefined);
    expect(new Set(held.map(({ id }) => id)).size).toBe(4);
    expect(held).toHaveLength(4);
    expect(await quotas.acquireLease({ ...mailbox, account: 'conn_2' }, 4, 60_000)).toBeDefined();
    for (const lease of held) await quotas.releaseLease(lease);
    expect(await quotas.acquireLease(mailbox, 4, 60_000)).toBeDefined();
  });

  it('is granted again after it expired, and is not freed by the late release of its former holder', async () => {
    const [dead] = await many(1, () => quotas.acquireLease(mailbox, 1, 60_000));
    expect(dead).toBeDefined();
    expect(await quotas.acquireLease(mailbox, 1, 60_000)).toBeUndefined();
    await database.pool.query("UPDATE quota_leases SET lease_until = lease_until - interval '1 hour'");
    expect(await quotas.acquireLease(mailbox, 1, 60_000)).toBeDefined();
    if (dead) await quotas.releaseLease(dead);
    expect(await quotas.acquireLease(mailbox, 1, 60_000)).toBeUndefined();
  });
});
