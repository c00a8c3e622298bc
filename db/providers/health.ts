/** Stores the provider health that each process measures, and reads the state of an integration. No personal data. */
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { type CircuitState, type ProviderObservation } from '../../domain/providers/observation.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { providerHealth } from '../schema/provider-health.ts';
import { instantFromDatabase } from '../time.ts';
import { isUnkeyedAccount } from './quota-accounts.ts';
import { allOrganizations, exhaustedQuota } from './quotas.ts';
import { readWaitingWork, type WaitingWork } from './waiting-work.ts';

/** The circuit breaker of a group of operations that is not closed in at least one process. */
export interface HeldBackGroup {
  readonly group: string;
  readonly circuit: 'open' | 'half_open';
  readonly opensAgainAt: Instant;
}

export interface IntegrationFacts extends WaitingWork {
  /** The worst of all groups of operations. */
  readonly circuit: CircuitState;
  /** The groups of operations whose circuit breaker is not closed. */
  readonly heldBack: readonly HeldBackGroup[];
  /** The latest time of all open circuit breakers. */
  readonly opensAgainAt: Instant | undefined;
  /** Number of accounts whose own circuit breaker is open. */
  readonly accountsHeldBack: number;
  readonly lastSuccessAt: Instant | undefined;
  readonly lastFailureAt: Instant | undefined;
  readonly lastFailure: string | undefined;
  /** For each quota, the usage of the account that has used the most in the current window. */
  readonly quotas: readonly { readonly quota: string; readonly used: number }[];
  /** Until when the quota of an account is exhausted, as the vendor has said. The latest time of all accounts. */
  readonly closedUntil: Instant | undefined;
  readonly connections: {
    readonly connected: number;
    readonly needReauthorization: number;
    /** Expiry of access tokens, which are refreshed automatically. A token that has expired is refreshed at the next call. */
    readonly nextTokenExpiry: Instant | undefined;
  };
  readonly webhooks: {
    readonly waiting: number;
    readonly oldestWaitingSince: Instant | undefined;
    readonly parked: number;
  };
  /** Attention items whose step has failed at the provider. */
  readonly attention: { readonly open: number };
  readonly subscriptions: {
    readonly active: number;
    readonly expired: number;
    readonly nextExpiry: Instant | undefined;
  };
}

export interface ProviderHealth {
  /** Stores what this process has measured. Fields that are left out keep their stored value. Idempotent. */
  record(observation: ProviderObservation): Promise<void>;
  /** Returns the state of an integration, merged from all processes. */
  facts(provider: string, now: Instant): Promise<IntegrationFacts>;
  /** Deletes rows of processes that have ended, past quota windows and expired leases. Returns how many. */
  deleteOld(olderThanDays: number): Promise<number>;
}

const instant = instantFromDatabase.nullable().transform((at) => at ?? undefined);
const count = z.coerce.number();

const heldBackSchema = z.object({
  group: z.string(),
  circuit: z.enum(['open', 'half_open']),
  opens_again_at: instantFromDatabase,
});
const seenSchema = z.object({
  accounts_held_back: count,
  last_success_at: instant,
  last_failure_at: instant,
  last_failure: z.string().nullable(),
});
const quotaSchema = z.object({ quota: z.string(), used: count, until: instant });
const connectionsSchema = z.object({
  connected: count,
  need_reauthorization: count,
  next_token_expiry: instant,
});
const webhooksSchema = z.object({ waiting: count, oldest: instant, parked: count });
const attentionSchema = z.object({ open: count });
const subscriptionsSchema = z.object({ active: count, expired: count, next_expiry: instant });

/** After `opens_again_at`, an open circuit breaker counts as half-open for this long, then as closed. */
const halfOpenTimeout = '10 minutes';

/** Creates the repository of provider health. Each process writes its own row, so processes do not overwrite each other. */
export const createProviderHealth = (db: Database): ProviderHealth => {
  const selectOne = async <Shape extends z.ZodType>(shape: Shape, query: ReturnType<typeof sql>) => {
    const { rows } = await db.execute(query);
    return shape.parse(rows[0]);
  };

  return {
    record: async ({ provider, group: operationGroup, connection = '', process, ...measured }) => {
      const set = { ...measured, opensAgainAt: measured.opensAgainAt ?? null, updatedAt: sql`now()` };
      await db
        .insert(providerHealth)
        .values({ provider, operationGroup, connection, process, ...set })
        .onConflictDoUpdate({
          target: [
            providerHealth.provider,
            providerHealth.operationGroup,
            providerHealth.connection,
            providerHealth.process,
          ],
          set,
        });
    },

    facts: async (provider, now) => {
      const at = sql`${now}::timestamptz`;
      const [seen, heldBack, quotas, connections, webhooks, attention, subscriptions, waitingWork] =
        await Promise.all([
          selectOne(
            seenSchema,
            sql`
            WITH seen AS (SELECT * FROM provider_health WHERE provider = ${provider})
            SELECT (SELECT count(DISTINCT connection) FROM seen
                WHERE connection <> '' AND circuit <> 'closed' AND opens_again_at > ${at}) AS accounts_held_back,
              (SELECT max(last_success_at) FROM seen) AS last_success_at,
              (SELECT max(last_failure_at) FROM seen) AS last_failure_at,
              (SELECT last_failure FROM seen WHERE last_failure_at IS NOT NULL
               ORDER BY last_failure_at DESC LIMIT 1) AS last_failure
          `,
          ),
          db.execute(sql`
          SELECT operation_group AS "group", max(opens_again_at) AS opens_again_at,
            CASE WHEN max(opens_again_at) > ${at} THEN 'open' ELSE 'half_open' END AS circuit
          FROM provider_health
          WHERE provider = ${provider} AND connection = '' AND circuit <> 'closed'
            AND opens_again_at > ${at} - interval '${sql.raw(halfOpenTimeout)}'
          GROUP BY operation_group ORDER BY operation_group
        `),
          db.execute(sql`
          SELECT quota, max(used) AS used, max(window_end) AS until FROM quota_usage
          WHERE provider = ${provider} AND organization = ${allOrganizations}
            AND window_start <= ${at} AND window_end > ${at}
          GROUP BY quota ORDER BY quota
        `),
          selectOne(
            connectionsSchema,
            sql`
            SELECT count(*) FILTER (WHERE status = 'connected') AS connected,
              count(*) FILTER (WHERE status = 'needs_reauthorization') AS need_reauthorization,
              min(access_token_expires_at) FILTER (WHERE status = 'connected') AS next_token_expiry
            FROM connections WHERE provider = ${provider}
          `,
          ),
          selectOne(
            webhooksSchema,
            sql`
            SELECT count(*) FILTER (WHERE state = 'received') AS waiting,
              min(received_at) FILTER (WHERE state = 'received') AS oldest,
              count(*) FILTER (WHERE state = 'parked') AS parked
            FROM webhook_inbox WHERE provider = ${provider} AND state IN ('received', 'parked')
          `,
          ),
          selectOne(
            attentionSchema,
            sql`SELECT count(*) AS open FROM attention_items WHERE item->>'provider' = ${provider}`,
          ),
          selectOne(
            subscriptionsSchema,
            sql`
            SELECT count(*) FILTER (WHERE expires_at > ${at}) AS active,
              count(*) FILTER (WHERE expires_at <= ${at}) AS expired,
              min(expires_at) FILTER (WHERE expires_at > ${at}) AS next_expiry
            FROM watch_subscriptions WHERE provider = ${provider}
          `,
          ),
          readWaitingWork(db, provider),
        ]);
      const used = z.array(quotaSchema).parse(quotas.rows);
      return {
        ...circuitsOf(z.array(heldBackSchema).parse(heldBack.rows)),
        accountsHeldBack: seen.accounts_held_back,
        lastSuccessAt: seen.last_success_at,
        lastFailureAt: seen.last_failure_at,
        lastFailure: seen.last_failure ?? undefined,
        quotas: used
          .filter(({ quota }) => quota !== exhaustedQuota)
          .map(({ quota, used: most }) => ({ quota, used: most })),
        ...waitingWork,
        closedUntil: used.find(({ quota }) => quota === exhaustedQuota)?.until,
        connections: {
          connected: connections.connected,
          needReauthorization: connections.need_reauthorization,
          nextTokenExpiry: connections.next_token_expiry,
        },
        webhooks: {
          waiting: webhooks.waiting,
          oldestWaitingSince: webhooks.oldest,
          parked: webhooks.parked,
        },
        attention: { open: attention.open },
        subscriptions: {
          active: subscriptions.active,
          expired: subscriptions.expired,
          nextExpiry: subscriptions.next_expiry,
        },
      };
    },

    deleteOld: async (olderThanDays) => {
      const old = sql`now() - ${olderThanDays} * interval '1 day'`;
      const processes = await db.execute(sql`DELETE FROM provider_health WHERE updated_at < ${old}`);
      // The account in a row of an earlier version can be an email address.
      const isPlain = sql`${isUnkeyedAccount} AND`;
      const windows = await db.execute(sql`
        DELETE FROM quota_usage WHERE window_end < ${old} OR (${isPlain} window_end < now() - interval '2 minutes')
      `);
      const leases = await db.execute(sql`
        DELETE FROM quota_leases WHERE lease_until < ${old} OR (${isPlain} lease_until < now())
      `);
      return (processes.rowCount ?? 0) + (windows.rowCount ?? 0) + (leases.rowCount ?? 0);
    },
  };
};

const circuitsOf = (
  rows: readonly z.infer<typeof heldBackSchema>[],
): Pick<IntegrationFacts, 'circuit' | 'heldBack' | 'opensAgainAt'> => {
  const heldBack = rows.map(({ opens_again_at: opensAgainAt, ...row }) => ({ ...row, opensAgainAt }));
  const open = heldBack.filter(({ circuit }) => circuit === 'open');
  return {
    circuit: open.length > 0 ? 'open' : heldBack.length > 0 ? 'half_open' : 'closed',
    heldBack,
    opensAgainAt: open
      .map(({ opensAgainAt }) => opensAgainAt)
      .toSorted()
      .at(-1),
  };
};
