import { date, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';

/** How much each organization has sent in a day (UTC). Written by `db/budgets/message-budgets.ts` alone. */
export const messageBudgetDays = pgTable(
  'message_budget_days',
  {
    organization: text().notNull(),
    channel: text().notNull(),
    day: date().notNull(),
    /** Segments of text messages, or emails. */
    used: integer().notNull(),
    /** The budget at the last charge. After a refusal, at most what is used. */
    budget: integer().notNull(),
    /** The highest budget that was nearly spent, a space, and the key of the charge with which it was. */
    warnedBy: text('warned_by'),
  },
  (table) => [
    primaryKey({ columns: [table.organization, table.channel, table.day] }),
    // Finds the budgets of today, and those that are past their retention.
    index('message_budget_days_by_day').on(table.day),
  ],
);

/** The notices that were counted. An idempotency key is counted once. */
export const messageCharges = pgTable(
  'message_charges',
  {
    /** The idempotency key of the notice. */
    key: text().primaryKey(),
    organization: text().notNull(),
    channel: text().notNull(),
    /** The day that the notice was counted in. */
    day: date().notNull(),
    units: integer().notNull(),
  },
  // Finds charges that are past their retention.
  (table) => [index('message_charges_by_day').on(table.day)],
);
