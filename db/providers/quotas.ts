/** Stores quota usage at vendors, shared by all processes. */
import { DrizzleQueryError, fillPlaceholders, type SQL, sql } from 'drizzle-orm';
import { PgDialect } from 'drizzle-orm/pg-core';
import { z } from 'zod';
import type { QuotaStore } from '../../domain/providers/quota-store.ts';
import type { DatabaseClient } from '../client.ts';
import { millisecondsInterval } from '../time.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { createQuotaAccounts } from './quota-accounts.ts';

/** The organization id of the row with the total of all organizations. No organization has an empty id. */
export const allOrganizations = '';
/** The quota name of the row that marks an account as exhausted, because the vendor said so. */
export const exhaustedQuota = 'closed';

const takenSchema = z.object({
  mine: z.number().nullable(),
  total: z.number().nullable(),
  used: z.number(),
  before: z.number(),
});
const closedSchema = z.object({ provider: z.string(), account: z.string(), until_ms: z.coerce.number() });
const leasedSchema = z.object({ id: z.string(), turn: z.string() });
const liveSchema = z.object({ live: z.coerce.number() });

const isoOf = (ms: number): string => new Date(ms).toISOString();
const instantOf = (ms: number): SQL => sql`${isoOf(ms)}::timestamptz`;

const placeholder = (name: string) => sql.placeholder(name);

/**
 * Reserves in one statement, without other locks. It first increments the organization's row and then the row with the
 * total, each only when the result is within its limit. `ON CONFLICT DO UPDATE` checks the limit on the current version
 * of the row, not on the version at the start of the statement. When the first increment succeeds and the second does
 * not, the organization's row is too high. This is harmless because the window is full for all organizations then.
 *
 * The statement is prepared once per connection. Planning took longer than running, and concurrent calls for the same
 * row wait for each other.
 */
const takeStatement = (() => {
  const account = sql`
    provider = ${placeholder('provider')} AND quota = ${placeholder('quota')} AND account = ${placeholder('account')}`;
  const start = sql`${placeholder('start')}::timestamptz`;
  const count = sql`${placeholder('count')}::int`;
  const limit = sql`${placeholder('limit')}::int`;
  const row = (organization: SQL) => sql`
    ${placeholder('provider')}, ${placeholder('quota')}, ${placeholder('account')}, ${organization}, ${start}, ${placeholder('end')}::timestamptz, ${count}`;
  const columns = sql`provider, quota, account, organization, window_start, window_end, used`;
  const key = sql`(provider, quota, account, window_start, organization)`;
  const mine = sql`${placeholder('organization')}`;
  const all = sql`${allOrganizations}`;
  const carriedOf = (organization: SQL) => sql`
    (SELECT coalesce(ceil(max(used) * ${placeholder('carried')}::float8), 0) FROM previous WHERE organization = ${organization})`;
  return new PgDialect().sqlToQuery(sql`
    WITH previous AS (
      SELECT organization, used FROM quota_usage
      WHERE ${account} AND window_start = ${placeholder('before')}::timestamptz AND organization IN (${mine}, ${all})
    ), allowed AS (
      SELECT CASE WHEN ${placeholder('share')}::int < ${limit}
                   AND EXISTS (SELECT FROM organizations WHERE id <> ${mine})
             THEN ${placeholder('share')}::int ELSE ${limit} END AS mine
    ), mine AS (
      INSERT INTO quota_usage (${columns})
      SELECT ${row(mine)} FROM allowed WHERE ${count} + ${carriedOf(mine)} <= allowed.mine
      ON CONFLICT ${key} DO UPDATE SET used = quota_usage.used + ${count}
      WHERE quota_usage.used + ${count} + ${carriedOf(mine)} <= (SELECT allowed.mine FROM allowed)
      RETURNING used
    ), total AS (
      INSERT INTO quota_usage (${columns})
      SELECT ${row(all)} FROM mine WHERE ${count} + ${carriedOf(all)} <= ${limit}
      ON CONFLICT ${key} DO UPDATE SET used = quota_usage.used + ${count}
      WHERE quota_usage.used + ${count} + ${carriedOf(all)} <= ${limit}
      RETURNING used
    )
    SELECT (SELECT used FROM mine) AS mine, (SELECT used FROM total) AS total,
      coalesce((SELECT used FROM previous WHERE organization = ${all}), 0) AS before,
      coalesce((
        SELECT used FROM quota_usage WHERE ${account} AND window_start = ${start} AND organization = ${all}
      ), 0) AS used
  `);
})();

/** Creates the store of quota usage. Safe for concurrent calls of many processes. */
export const createQuotas = (db: DatabaseClient['db'], vault: Pick<Vault, 'coder'>): QuotaStore => ({
  ...createQuotaAccounts(db, vault, exhaustedQuota),

  reserve: async ({
    provider,
    quota,
    account,
    organization,
    window,
    count,
    limit,
    organizationLimit,
    previousWindowWeight,
  }) => {
    const values = fillPlaceholders(takeStatement.params, {
      provider,
      quota,
      account,
      organization,
      start: isoOf(window.startMs),
      end: isoOf(window.endMs),
      before: isoOf(window.startMs - (window.endMs - window.startMs)),
      count,
      limit,
      share: organizationLimit,
      carried: previousWindowWeight,
    });
    const { sql: text } = takeStatement;
    const { rows } = await db.$client.query({ name: 'quota_take', text, values }).catch((error: unknown) => {
      throw new DrizzleQueryError(text, values, error instanceof Error ? error : undefined);
    });
    const answer = takenSchema.parse(rows[0]);
    if (answer.total !== null) return { kind: 'granted', used: answer.total };
    const { used, before: usedBefore } = answer;
    const isFull = answer.mine !== null || used + count > limit || organizationLimit >= limit;
    return { kind: 'refused', by: isFull ? 'limit' : 'share', used, before: usedBefore };
  },

  /** Updates the organization's row first, in the same order as `reserve`. This prevents deadlocks between the two. */
  returnUnused: async ({ provider, quota, account, organization }, { startMs }, count) => {
    const rowOf = (rowOrganization: string) => sql`
      provider = ${provider} AND quota = ${quota} AND account = ${account}
      AND window_start = ${instantOf(startMs)} AND organization = ${rowOrganization}`;
    await db.execute(sql`
      WITH mine AS (
        UPDATE quota_usage SET used = greatest(used - ${count}::int, 0) WHERE ${rowOf(organization)} RETURNING 1
      )
      UPDATE quota_usage SET used = greatest(used - ${count}::int, 0) FROM mine WHERE ${rowOf(allOrganizations)}
    `);
  },

  markExhausted: async (provider, account, untilMs) => {
    await db.execute(sql`
      INSERT INTO quota_usage (provider, quota, account, organization, window_start, window_end, used)
      VALUES (${provider}, ${exhaustedQuota}, ${account}, ${allOrganizations}, ${instantOf(0)}, ${instantOf(untilMs)}, 1)
      ON CONFLICT (provider, quota, account, window_start, organization)
      DO UPDATE SET window_end = greatest(quota_usage.window_end, excluded.window_end)
    `);
  },

  listExhausted: async (nowMs) => {
    const { rows } = await db.execute(sql`
      SELECT provider, account, extract(epoch FROM window_end) * 1000 AS until_ms FROM quota_usage
      WHERE quota = ${exhaustedQuota} AND window_end > ${instantOf(nowMs)}
    `);
    return z
      .array(closedSchema)
      .parse(rows)
      .map(({ provider, account, until_ms: untilMs }) => ({ provider, account, untilMs }));
  },

  /**
   * Each place is a row. When two callers choose the same place, the row's condition lets one of them win. The other
   * tries another place as long as one is free.
   */
  acquireLease: async ({ provider, quota, account, organization }, places, leaseMs) => {
    const prefix = `${provider} ${quota} ${account} `;
    for (;;) {
      const { rows } = await db.execute(sql`
        INSERT INTO quota_leases (id, provider, quota, account, organization, lease_until)
        SELECT ${prefix} || place, ${provider}, ${quota}, ${account}, ${organization},
          date_trunc('milliseconds', now()) + ${millisecondsInterval(leaseMs)}
        FROM generate_series(1, ${places}::int) AS place
        WHERE NOT EXISTS (SELECT FROM quota_leases WHERE id = ${prefix} || place AND lease_until > now())
        ORDER BY random() LIMIT 1
        ON CONFLICT (id) DO UPDATE
          SET lease_until = excluded.lease_until, organization = excluded.organization
          WHERE quota_leases.lease_until <= now()
        RETURNING id, lease_until::text AS turn
      `);
      const leased = leasedSchema.safeParse(rows[0]);
      if (leased.success) return leased.data;
      const live = await db.execute(sql`
        SELECT count(*) AS live FROM quota_leases
        WHERE provider = ${provider} AND quota = ${quota} AND account = ${account} AND lease_until > now()
      `);
      if (liveSchema.parse(live.rows[0]).live >= places) return undefined;
    }
  },

  releaseLease: async ({ id, turn }) => {
    await db.execute(sql`DELETE FROM quota_leases WHERE id = ${id} AND lease_until = ${turn}::timestamptz`);
  },
});
