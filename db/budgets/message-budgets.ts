import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Channel } from '../../domain/audition/request.ts';
import { reserveOf, warningAt } from '../../domain/budgets/message-limits.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import { channels } from '../../domain/providers/vendors.ts';
import type { Database } from '../client.ts';

/** A notice to count. */
interface Charge {
  /** The idempotency key of the notice. */
  readonly key: string;
  readonly organization: OrganizationId;
  readonly channel: Channel;
  /** Segments of a text message, or 1 email. */
  readonly units: number;
  /** What the organization may send in a day, in the same unit. */
  readonly budget: number;
  /** Whether the notice can use the reserve beside the budget. */
  readonly mayUseReserve: boolean;
  /** Whether the warning can be given with this message: it is a fact on the trail of an audition. Omitted: yes. */
  readonly canWarn?: boolean;
}

type Charged =
  /** `isWarning`: with this notice, the budget is nearly spent. The same for each repetition of the charge. */
  | {
      readonly kind: 'charged';
      readonly day: string;
      readonly used: number;
      readonly budget: number;
      readonly isWarning: boolean;
      /** Whether this call has counted the notice. False when an earlier one has. */
      readonly isFirst: boolean;
    }
  /** The budget has no room for the notice, and nothing was counted. The metric of spent budgets shows it. */
  | { readonly kind: 'spent' };

/** What an organization has sent today (UTC). */
interface Today {
  readonly day: string;
  /** Segments of text messages, and emails. */
  readonly used: Readonly<Record<Channel, number>>;
}

/** Counts the messages of organizations, by the day in UTC of the database's clock. */
export interface MessageBudgets {
  /**
   * Counts the notice, if the budget has room for it. Idempotent: a key is counted once, on the day of its first charge. Of
   * any number of simultaneous charges, no more are counted than the budget permits.
   */
  charge(charge: Charge): Promise<Charged>;
  /** Takes a charge back, because the message was certainly not sent. Idempotent. */
  release(key: string): Promise<void>;
  /** Returns the use of today. */
  today(organization: OrganizationId): Promise<Today>;
}

const chargedSchema = z.object({
  day: z.iso.date().nullable(),
  used: z.int().nullable(),
  /** The budget whose warning this charge has caused. */
  warned_for: z.int().nullable(),
  is_first: z.boolean(),
});

const todaySchema = z.object({
  day: z.iso.date(),
  used: z.partialRecord(z.enum(channels), z.int()).nullable(),
});

/** Of PostgreSQL's type `integer`: no use reaches it. */
const greatestInteger = 2_147_483_647;

const today = sql`(now() AT TIME ZONE 'UTC')::date`;

/**
 * Stores the budget that has no room for a message, for the metrics: at most what is used, because a long text message can be
 * refused before the last segment is used. The next charge stores its own budget. Idempotent.
 */
const recordRefusal = async (
  db: Database,
  { organization, channel, budget }: Pick<Charge, 'organization' | 'channel' | 'budget'>,
): Promise<void> => {
  await db.execute(sql`
    INSERT INTO message_budget_days AS days (organization, channel, day, used, budget)
    VALUES (${organization}, ${channel}, ${today}, 0, 0)
    ON CONFLICT (organization, channel, day) DO UPDATE SET budget = least(days.used, ${budget}::int)
  `);
};

/**
 * The budget in `warned_by`: the highest that was nearly spent today. Rows of earlier versions have none. They count as warned
 * for any budget.
 */
const warnedFor = sql`coalesce(substring(days.warned_by from '^([0-9]+) ')::int, 2147483647)`;

/** Creates the counter. */
export const createMessageBudgets = (db: Database): MessageBudgets => ({
  /**
   * One statement. `ON CONFLICT DO UPDATE` checks the ceiling on the current version of the row, not on the version at the
   * start of the statement. When two charges of the same key run simultaneously, the second violates the primary key of
   * `message_charges`: its statement counts nothing, and the attempt is repeated.
   */
  async charge({ key, organization, channel, units, budget, mayUseReserve, canWarn = true }) {
    const ceiling = budget + (mayUseReserve ? reserveOf(budget) : 0);
    const warning = canWarn ? warningAt(budget) : greatestInteger;
    const warnedBy = `${budget} ${key}`;
    const { rows } = await db.execute(sql`
      WITH earlier AS (
        SELECT day FROM message_charges WHERE key = ${key}
      ), counted AS (
        INSERT INTO message_budget_days AS days (organization, channel, day, used, budget, warned_by)
        SELECT ${organization}, ${channel}, ${today}, ${units}::int, ${budget}::int,
          CASE WHEN ${units}::int >= ${warning}::int THEN ${warnedBy} END
        WHERE NOT EXISTS (SELECT FROM earlier) AND ${units}::int <= ${ceiling}::int
        ON CONFLICT (organization, channel, day) DO UPDATE SET
          used = days.used + excluded.used,
          budget = excluded.budget,
          warned_by = CASE
            WHEN days.warned_by IS NOT NULL AND ${warnedFor} >= excluded.budget THEN days.warned_by
            WHEN days.used + excluded.used >= ${warning}::int THEN ${warnedBy}
            ELSE days.warned_by
          END
        WHERE days.used + excluded.used <= ${ceiling}::int
        RETURNING days.day, days.used, days.warned_by
      ), charged AS (
        INSERT INTO message_charges (key, organization, channel, day, units)
        SELECT ${key}, ${organization}, ${channel}, day, ${units}::int FROM counted
      )
      SELECT days.day::text, days.used, days.is_first,
        CASE WHEN days.warned_by ~ '^[0-9]+ ' AND substring(days.warned_by from '^[0-9]+ (.*)$') = ${key} THEN ${warnedFor} END
          AS warned_for
      FROM (
        SELECT day, used, warned_by, true AS is_first FROM counted
        UNION ALL
        SELECT earlier.day, days.used, days.warned_by, false FROM earlier
        LEFT JOIN message_budget_days AS days
          ON days.organization = ${organization} AND days.channel = ${channel} AND days.day = earlier.day
      ) AS days
    `);
    const counted = chargedSchema.optional().parse(rows[0]);
    if (!counted?.day) {
      await recordRefusal(db, { organization, channel, budget });
      return { kind: 'spent' };
    }
    return {
      kind: 'charged',
      day: counted.day,
      used: counted.used ?? units,
      budget: counted.warned_for ?? budget,
      isWarning: counted.warned_for !== null,
      isFirst: counted.is_first,
    };
  },

  async release(key) {
    await db.execute(sql`
      WITH released AS (
        DELETE FROM message_charges WHERE key = ${key} RETURNING organization, channel, day, units
      )
      UPDATE message_budget_days AS days SET used = greatest(days.used - released.units, 0) FROM released
      WHERE days.organization = released.organization AND days.channel = released.channel AND days.day = released.day
    `);
  },

  async today(organization) {
    const { rows } = await db.execute(sql`
      SELECT ${today}::text AS day, (
        SELECT jsonb_object_agg(channel, used) FROM message_budget_days
        WHERE organization = ${organization} AND day = ${today}
      ) AS used
    `);
    const { day, used } = todaySchema.parse(rows[0]);
    return { day, used: { email: used?.email ?? 0, sms: used?.sms ?? 0 } };
  },
});
