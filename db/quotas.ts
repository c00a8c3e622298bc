/** How much of what vendors allow is used, for all processes together. Implements the `QuotaBook` of providers/calls. */
import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Database } from './connection.ts';

interface QuotaUser {
  readonly provider: string;
  readonly quota: string;
  readonly account: string;
  readonly organization: string;
}

interface QuotaWindow {
  readonly startMs: number;
  readonly endMs: number;
}

interface QuotaClaim extends QuotaUser {
  readonly window: QuotaWindow;
  readonly count: number;
  readonly limit: number;
  readonly share: number;
  /** The part of the window before that still counts. */
  readonly carried: number;
}

interface QuotaLease {
  readonly id: string;
  readonly turn: string;
}

export interface Quotas {
  take(claim: QuotaClaim): Promise<
    | { readonly kind: 'granted'; readonly used: number }
    | {
        readonly kind: 'refused';
        readonly by: 'limit' | 'share';
        readonly used: number;
        readonly before: number;
      }
  >;
  giveBack(user: QuotaUser, window: QuotaWindow, count: number): Promise<void>;
  close(provider: string, account: string, untilMs: number): Promise<void>;
  closed(
    nowMs: number,
  ): Promise<readonly { readonly provider: string; readonly account: string; readonly untilMs: number }[]>;
  lease(user: QuotaUser, places: number, leaseMs: number): Promise<QuotaLease | undefined>;
  release(lease: QuotaLease): Promise<void>;
}

/** The row that holds what all organizations have used together: no organization has an empty id. */
export const everyone = '';
/** The row of an account whose vendor has said that nothing is left. */
export const closedQuota = 'closed';

const takenSchema = z.object({
  mine: z.number().nullable(),
  total: z.number().nullable(),
  used: z.number(),
  before: z.number(),
});
const closedSchema = z.object({ provider: z.string(), account: z.string(), until_ms: z.coerce.number() });
const leasedSchema = z.object({ id: z.string(), turn: z.string() });
const liveSchema = z.object({ live: z.coerce.number() });

const instantOf = (ms: number): SQL => sql`${new Date(ms).toISOString()}::timestamptz`;

export const createQuotas = (db: Database): Quotas => ({
  /**
   * One statement and no lock beyond it: the organization's row first, then everybody's, each counted up only as long
   * as it fits, which `ON CONFLICT DO UPDATE` checks on the row as it is, not as it was when the statement began.
   * Where the first fits and the second does not, the organization's row has counted too much; that is of no harm,
   * because then the window is full for everybody.
   */
  take: async ({ provider, quota, account, organization, window, count, limit, share, carried }) => {
    const start = instantOf(window.startMs);
    const before = instantOf(window.startMs - (window.endMs - window.startMs));
    const row = (whose: SQL) =>
      sql`${provider}, ${quota}, ${account}, ${whose}, ${start}, ${instantOf(window.endMs)}, ${count}::int`;
    const columns = sql`provider, quota, account, organization, window_start, window_end, used`;
    const key = sql`(provider, quota, account, window_start, organization)`;
    const carriedOf = (whose: string) => sql`
      (SELECT coalesce(ceil(max(used) * ${carried}::float8), 0) FROM previous WHERE organization = ${whose})`;
    const { rows } = await db.execute(sql`
      WITH previous AS (
        SELECT organization, used FROM quota_usage
        WHERE provider = ${provider} AND quota = ${quota} AND account = ${account} AND window_start = ${before}
          AND organization IN (${organization}, ${everyone})
      ), allowed AS (
        SELECT CASE WHEN ${share}::int < ${limit}::int
                     AND EXISTS (SELECT FROM organizations WHERE id <> ${organization})
               THEN ${share}::int ELSE ${limit}::int END AS mine
      ), mine AS (
        INSERT INTO quota_usage (${columns})
        SELECT ${row(sql`${organization}`)} FROM allowed
        WHERE ${count}::int + ${carriedOf(organization)} <= allowed.mine
        ON CONFLICT ${key} DO UPDATE SET used = quota_usage.used + ${count}::int
        WHERE quota_usage.used + ${count}::int + ${carriedOf(organization)} <= (SELECT allowed.mine FROM allowed)
        RETURNING used
      ), total AS (
        INSERT INTO quota_usage (${columns})
        SELECT ${row(sql`${everyone}`)} FROM mine
        WHERE ${count}::int + ${carriedOf(everyone)} <= ${limit}::int
        ON CONFLICT ${key} DO UPDATE SET used = quota_usage.used + ${count}::int
        WHERE quota_usage.used + ${count}::int + ${carriedOf(everyone)} <= ${limit}::int
        RETURNING used
      )
      SELECT (SELECT used FROM mine) AS mine, (SELECT used FROM total) AS total,
        coalesce((SELECT used FROM previous WHERE organization = ${everyone}), 0) AS before,
        coalesce((
          SELECT used FROM quota_usage
          WHERE provider = ${provider} AND quota = ${quota} AND account = ${account}
            AND window_start = ${start} AND organization = ${everyone}
        ), 0) AS used
    `);
    const answer = takenSchema.parse(rows[0]);
    if (answer.total !== null) return { kind: 'granted', used: answer.total };
    const { used, before: usedBefore } = answer;
    const isFull = answer.mine !== null || used + count > limit || share >= limit;
    return { kind: 'refused', by: isFull ? 'limit' : 'share', used, before: usedBefore };
  },

  /** In the order of `take`, the organization's row first, so that the two cannot wait for each other. */
  giveBack: async ({ provider, quota, account, organization }, { startMs }, count) => {
    const rowOf = (whose: string) => sql`
      provider = ${provider} AND quota = ${quota} AND account = ${account}
      AND window_start = ${instantOf(startMs)} AND organization = ${whose}`;
    await db.execute(sql`
      WITH mine AS (
        UPDATE quota_usage SET used = greatest(used - ${count}::int, 0) WHERE ${rowOf(organization)} RETURNING 1
      )
      UPDATE quota_usage SET used = greatest(used - ${count}::int, 0) FROM mine WHERE ${rowOf(everyone)}
    `);
  },

  close: async (provider, account, untilMs) => {
    await db.execute(sql`
      INSERT INTO quota_usage (provider, quota, account, organization, window_start, window_end, used)
      VALUES (${provider}, ${closedQuota}, ${account}, ${everyone}, ${instantOf(0)}, ${instantOf(untilMs)}, 1)
      ON CONFLICT (provider, quota, account, window_start, organization)
      DO UPDATE SET window_end = greatest(quota_usage.window_end, excluded.window_end)
    `);
  },

  closed: async (nowMs) => {
    const { rows } = await db.execute(sql`
      SELECT provider, account, extract(epoch FROM window_end) * 1000 AS until_ms FROM quota_usage
      WHERE quota = ${closedQuota} AND window_end > ${instantOf(nowMs)}
    `);
    return z
      .array(closedSchema)
      .parse(rows)
      .map(({ provider, account, until_ms: untilMs }) => ({ provider, account, untilMs }));
  },

  /**
   * Each place is a row. Two takers who choose the same one are told apart by the row itself; the one who comes too
   * late looks for another place, as long as one is free.
   */
  lease: async ({ provider, quota, account, organization }, places, leaseMs) => {
    const prefix = `${provider} ${quota} ${account} `;
    for (;;) {
      const { rows } = await db.execute(sql`
        INSERT INTO quota_leases (id, provider, quota, account, organization, lease_until)
        SELECT ${prefix} || place, ${provider}, ${quota}, ${account}, ${organization},
          date_trunc('milliseconds', now()) + ${leaseMs} * interval '1 millisecond'
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

  release: async ({ id, turn }) => {
    await db.execute(sql`DELETE FROM quota_leases WHERE id = ${id} AND lease_until = ${turn}::timestamptz`);
  },
});
