/** Counts what waits in the database, in all organizations, for the metrics. No ids and no personal data. */
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Channel } from '../../domain/audition/request.ts';
import { type AuditionState, auditionStates } from '../../domain/audition/states.ts';
import { warningShare } from '../../domain/budgets/message-limits.ts';
import type { Database } from '../client.ts';
import { disabledByAdministrator } from '../endpoints/repository.ts';

/** Rows that wait, and for how many seconds the oldest has been due. 0 seconds when none is due. */
interface Queue {
  readonly waiting: number;
  readonly lagSeconds: number;
}

export interface Backlog {
  /** The auditions in each state. A state without auditions has 0. */
  readonly auditions: ReadonlyMap<AuditionState, number>;
  /** Open attention items, and the age of the oldest in seconds. */
  readonly attention: { readonly open: number; readonly oldestSeconds: number };
  /** Received webhooks that are not settled. The lag is that of webhooks that are due: a deliberate delay is none. */
  readonly inbox: Queue & { readonly parked: number };
  /** Trails with events for endpoints whose delivery is not started. */
  readonly outbox: Queue;
  /** The organizations whose budget of today is nearly spent, and spent. */
  readonly budgets: {
    readonly nearlySpent: Readonly<Record<Channel, number>>;
    readonly spent: Readonly<Record<Channel, number>>;
  };
  /** Webhook endpoints of the platform. `failingSeconds`: for how long the one that fails longest has failed. */
  readonly endpoints: {
    readonly enabled: number;
    readonly disabled: number;
    /** Those of the disabled endpoints that no person has disabled. */
    readonly disabledByFailures: number;
    readonly failing: number;
    readonly failingSeconds: number;
  };
}

export interface BacklogReader {
  /** Takes about 20 ms at 100,000 auditions. @throws when the database does not answer */
  read(): Promise<Backlog>;
}

const seconds = z.coerce.number().transform((value) => Math.max(value, 0));
const rowSchema = z.object({
  auditions: z.partialRecord(z.enum(auditionStates), z.int()).nullable(),
  attention_open: z.coerce.number(),
  attention_oldest: seconds,
  inbox_waiting: z.coerce.number(),
  inbox_parked: z.coerce.number(),
  inbox_lag: seconds,
  outbox_waiting: z.coerce.number(),
  outbox_lag: seconds,
  endpoints_enabled: z.coerce.number(),
  endpoints_disabled: z.coerce.number(),
  endpoints_disabled_by_failures: z.coerce.number(),
  endpoints_failing: z.coerce.number(),
  endpoints_failing_seconds: seconds,
  email_nearly_spent: z.coerce.number(),
  email_spent: z.coerce.number(),
  sms_nearly_spent: z.coerce.number(),
  sms_spent: z.coerce.number(),
});

/** Creates the reader. It sends one statement. */
export const createBacklogReader = (db: Database): BacklogReader => ({
  async read() {
    const { rows } = await db.execute(sql`
      SELECT
        (SELECT jsonb_object_agg(state, count)
         FROM (SELECT state, count(*)::int AS count FROM auditions GROUP BY state) AS counted) AS auditions,
        attention.*, inbox.*, outbox_rows.*, endpoints.*, budgets.*
      FROM
        (SELECT count(*) AS attention_open,
           coalesce(extract(epoch FROM now() - min(raised_at)), 0) AS attention_oldest
         FROM attention_items) AS attention,
        (SELECT count(*) FILTER (WHERE state = 'received') AS inbox_waiting,
           count(*) FILTER (WHERE state = 'parked') AS inbox_parked,
           coalesce(extract(epoch FROM now() - min(next_attempt_at) FILTER (WHERE state = 'received')), 0) AS inbox_lag
         FROM webhook_inbox WHERE state IN ('received', 'parked')) AS inbox,
        (SELECT count(*) AS outbox_waiting,
           coalesce(extract(epoch FROM now() - min(created_at)), 0) AS outbox_lag
         FROM outbox) AS outbox_rows,
        (SELECT count(*) FILTER (WHERE status = 'enabled') AS endpoints_enabled,
           count(*) FILTER (WHERE status = 'disabled') AS endpoints_disabled,
           count(*) FILTER (WHERE status = 'disabled' AND disabled_reason IS DISTINCT FROM ${disabledByAdministrator})
             AS endpoints_disabled_by_failures,
           count(failing_since) FILTER (WHERE status = 'enabled') AS endpoints_failing,
           coalesce(extract(epoch FROM now() - min(failing_since) FILTER (WHERE status = 'enabled')), 0)
             AS endpoints_failing_seconds
         FROM webhook_endpoints) AS endpoints,
        (SELECT count(*) FILTER (WHERE channel = 'email' AND used >= ceil(budget * ${warningShare}::float8)) AS email_nearly_spent,
           count(*) FILTER (WHERE channel = 'email' AND used >= budget) AS email_spent,
           count(*) FILTER (WHERE channel = 'sms' AND used >= ceil(budget * ${warningShare}::float8)) AS sms_nearly_spent,
           count(*) FILTER (WHERE channel = 'sms' AND used >= budget) AS sms_spent
         FROM message_budget_days WHERE day = (now() AT TIME ZONE 'UTC')::date) AS budgets
    `);
    const row = rowSchema.parse(rows[0]);
    return {
      auditions: new Map(auditionStates.map((state) => [state, row.auditions?.[state] ?? 0])),
      attention: { open: row.attention_open, oldestSeconds: row.attention_oldest },
      inbox: { waiting: row.inbox_waiting, lagSeconds: row.inbox_lag, parked: row.inbox_parked },
      outbox: { waiting: row.outbox_waiting, lagSeconds: row.outbox_lag },
      budgets: {
        nearlySpent: { email: row.email_nearly_spent, sms: row.sms_nearly_spent },
        spent: { email: row.email_spent, sms: row.sms_spent },
      },
      endpoints: {
        enabled: row.endpoints_enabled,
        disabled: row.endpoints_disabled,
        disabledByFailures: row.endpoints_disabled_by_failures,
        failing: row.endpoints_failing,
        failingSeconds: row.endpoints_failing_seconds,
      },
    };
  },
});
