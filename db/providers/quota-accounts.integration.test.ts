/** Tests that the tables of quotas do not name accounts, and that what an earlier version has counted still counts. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operationOf } from '../../providers/operations.ts';
import { createQuotaGuard } from '../../providers/resilience/quota-guard.ts';
import { quotasWith } from '../../providers/resilience/quotas.ts';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { dumpPostgres } from '../../tests/harness/database-dump.ts';
import { leaksIn } from '../../tests/harness/leaks.ts';
import { sha256 } from '../digest.ts';
import { createQuotas } from './quotas.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const setup = () => {
  const { db, pool, repositories } = database;
  const host = `zoom-account/${randomUUID()}@example.com`;
  const window = { startMs: Date.now() - 1_000, endMs: Date.now() + 3_600_000 };
  const claim = {
    provider: 'zoom',
    quota: 'meetings',
    organization: 'org_1',
    window,
    count: 40,
    limit: 100,
    organizationLimit: 100,
    previousWindowWeight: 0,
  };
  return {
    pool,
    host,
    window,
    quotas: repositories.quotas,
    reserve: (account: string, by = repositories.quotas) => by.reserve({ ...claim, account }),
    /** A process of this version that starts now. */
    startProcess: () => createQuotas(db, repositories.vault),
  };
};

describe('the account of a quota', () => {
  it('is in no table in a form that can be computed without the key', async () => {
    const { host, quotas, pool } = setup();
    const guard = createQuotaGuard({ store: quotas, quotas: quotasWith({}), onUse: () => {} });
    const subject = { account: host, organization: 'org_1' };
    const create = operationOf('zoom', 'meetings.create');
    const permit = await guard.acquire(create, subject);
    const lease = await quotas.acquireLease(
      { provider: 'zoom', quota: 'calls', account: await quotas.nameOf(host), organization: 'org_1' },
      1,
      60_000,
    );
    expect(lease).toBeDefined();
    await permit.release();
    await guard.markExhausted(create, subject, Date.now() + 60_000);
    await expect(guard.acquire(create, subject)).rejects.toMatchObject({
      fault: { kind: 'quota_exhausted' },
    });

    const dump = await dumpPostgres(pool);
    expect(dump.toString()).toContain(`quota_usage (zoom,closed,${await quotas.nameOf(host)}/`);
    const email = host.slice(host.indexOf('/') + 1);
    const guesses = [host, email].flatMap((text) => [
      { what: `the text ${text}`, text },
      { what: `the hash of ${text}`, text: sha256(text) },
    ]);
    expect(leaksIn(dump, guesses)).toEqual([]);
  });

  it('has one name in all processes', async () => {
    const { host, quotas, startProcess } = setup();
    expect(await startProcess().nameOf(host)).toBe(await quotas.nameOf(host));
    expect(await quotas.nameOf(`${host}.org`)).not.toBe(await quotas.nameOf(host));
  });
});

describe('what an earlier version has counted', () => {
  it('still counts, together with what this version has counted', async () => {
    const { host, quotas, reserve, startProcess } = setup();
    await quotas.nameOf(host);
    // The earlier version passes the account itself.
    await reserve(host);
    await reserve(await quotas.nameOf(host));
    const started = startProcess();
    expect(await reserve(await started.nameOf(host), started)).toEqual({
      kind: 'refused',
      by: 'limit',
      used: 80,
      before: 0,
    });
  });

  it('still keeps an exhausted host from being asked', async () => {
    const { host, window, quotas, startProcess } = setup();
    await quotas.markExhausted('zoom', `${host}/zoom.meeting_writes_per_day`, window.endMs);
    const started = startProcess();
    const name = await started.nameOf(host);
    const exhausted = await started.listExhausted(Date.now());
    expect(exhausted.map(({ account }) => account)).toContain(`${name}/zoom.meeting_writes_per_day`);
    expect(exhausted.filter(({ account }) => account.includes(host))).toEqual([]);
  });

  it('is counted once when several processes start', async () => {
    const { host, quotas, reserve, startProcess } = setup();
    await quotas.nameOf(host);
    await reserve(host);
    await Promise.all(Array.from({ length: 4 }, () => startProcess().nameOf(host)));
    expect(await reserve(await quotas.nameOf(host))).toEqual({ kind: 'granted', used: 80 });
  });
});
