/** What vendors allow, with many processes asking at once. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { QuotaBook } from '../../domain/providers/quota-book.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { createQuotas } from './quotas.ts';

let database: TestDatabase;
let quotas: QuotaBook;
beforeAll(async () => {
  database = await createTestDatabase();
  quotas = createQuotas(database.db);
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
  share: 80,
  carried: 0,
};

const organizationsAre = async (...ids: readonly ('org_1' | 'org_2')[]) => {
  for (const id of ids) {
    await database.repositories.organizations.put({ id, name: id, meetingProviders: [] });
  }
};
const grantedOf = (answers: readonly Awaited<ReturnType<QuotaBook['take']>>[]) =>
  answers.filter(({ kind }) => kind === 'granted').length;
const many = <Result>(count: number, work: () => Promise<Result>) =>
  Promise.all(Array.from({ length: count }, work));

describe('a quota in a window', () => {
  it('is never exceeded, however many ask at once', async () => {
    const answers = await many(150, () => quotas.take(claim));
    expect(grantedOf(answers)).toBe(100);
    expect(answers).toContainEqual({ kind: 'refused', by: 'limit', used: 100, before: 0 });
    expect(await quotas.take({ ...claim, window: { startMs: day.endMs, endMs: day.endMs + 1 } })).toEqual({
      kind: 'granted',
      used: 1,
    });
  });

  it('leaves the others their part while there are others', async () => {
    await organizationsAre('org_1', 'org_2');
    expect(grantedOf(await many(120, () => quotas.take(claim)))).toBe(80);
    expect(await quotas.take(claim)).toMatchObject({ kind: 'refused', by: 'share' });
    const other = { ...claim, organization: 'org_2' };
    expect(grantedOf(await many(40, () => quotas.take(other)))).toBe(20);
    expect(await quotas.take(other)).toMatchObject({ kind: 'refused', by: 'limit', used: 100 });
  });

  it('is all of an organization that is alone', async () => {
    await organizationsAre('org_1');
    expect(grantedOf(await many(110, () => quotas.take(claim)))).toBe(100);
  });

  it('slides: what was used in the minute before counts by the part that is left of it', async () => {
    const minute = { startMs: day.startMs, endMs: day.startMs + 60_000 };
    const next = { startMs: minute.endMs, endMs: minute.endMs + 60_000 };
    const sliding = { ...claim, share: 100, limit: 100 };
    await quotas.take({ ...sliding, window: minute, count: 80 });
    const half = { ...sliding, window: next, carried: 0.5 };
    expect(await quotas.take({ ...half, count: 61 })).toEqual({
      kind: 'refused',
      by: 'limit',
      used: 0,
      before: 80,
    });
    expect(await quotas.take({ ...half, count: 60 })).toEqual({ kind: 'granted', used: 60 });
    expect(await quotas.take(half)).toMatchObject({ kind: 'refused', used: 60 });
    expect(await quotas.take({ ...half, carried: 0.25 })).toMatchObject({ kind: 'granted', used: 61 });
  });

  it('takes back what was not used, from the organization and from all', async () => {
    await organizationsAre('org_1', 'org_2');
    await many(80, () => quotas.take(claim));
    await many(20, () => quotas.giveBack(claim, day, 1));
    expect(grantedOf(await many(30, () => quotas.take(claim)))).toBe(20);
    expect(grantedOf(await many(30, () => quotas.take({ ...claim, organization: 'org_2' })))).toBe(20);
  });

  it('gives and takes at once without anybody waiting for ever', async () => {
    await many(50, async () => {
      await quotas.take(claim);
      await quotas.giveBack(claim, day, 1);
    });
    expect(await quotas.take(claim)).toEqual({ kind: 'granted', used: 1 });
  });
});

it('knows which accounts their vendor has closed, until the latest time it named', async () => {
  await quotas.close('zoom', 'host', day.endMs);
  await quotas.close('zoom', 'host', day.startMs);
  expect(await quotas.closed(day.startMs)).toEqual([
    { provider: 'zoom', account: 'host', untilMs: day.endMs },
  ]);
  expect(await quotas.closed(day.endMs)).toEqual([]);
});

describe('places at an account that takes only so many calls at once', () => {
  const mailbox = { provider: 'microsoft', quota: 'at_once', account: 'conn_1', organization: 'org_1' };

  it('are given to so many and no more, and free again when released', async () => {
    const leases = await many(20, () => quotas.lease(mailbox, 4, 60_000));
    const held = leases.filter((lease) => lease !== undefined);
    expect(new Set(held.map(({ id }) => id)).size).toBe(4);
    expect(held).toHaveLength(4);
    expect(await quotas.lease({ ...mailbox, account: 'conn_2' }, 4, 60_000)).toBeDefined();
    for (const lease of held) await quotas.release(lease);
    expect(await quotas.lease(mailbox, 4, 60_000)).toBeDefined();
  });

  it('are taken over from a holder that died, whose late release frees nobody else’s', async () => {
    const [dead] = await many(1, () => quotas.lease(mailbox, 1, 60_000));
    expect(dead).toBeDefined();
    expect(await quotas.lease(mailbox, 1, 60_000)).toBeUndefined();
    await database.pool.query("UPDATE quota_leases SET lease_until = lease_until - interval '1 hour'");
    expect(await quotas.lease(mailbox, 1, 60_000)).toBeDefined();
    if (dead) await quotas.release(dead);
    expect(await quotas.lease(mailbox, 1, 60_000)).toBeUndefined();
  });
});
