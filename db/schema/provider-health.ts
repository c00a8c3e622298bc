import { index, integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { circuitStates } from '../../domain/providers/observation.ts';
import { instant } from './columns.ts';

/** What each process has seen of each provider lately. Rows of processes that are gone age out. */
export const providerHealth = pgTable(
  'provider_health',
  {
    provider: text().notNull(),
    /** A connection's id where the circuit is that connection's alone; else empty. */
    connection: text().notNull().default(''),
    process: text().notNull(),
    circuit: text({ enum: circuitStates }).notNull().default('closed'),
    /** When an open circuit lets the next call through. */
    opensAgainAt: instant('opens_again_at'),
    lastSuccessAt: instant('last_success_at'),
    lastFailureAt: instant('last_failure_at'),
    lastFailure: text('last_failure'),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.provider, table.connection, table.process] })],
);

/** How much of a quota an account has used in a window, and which organization used it. */
export const quotaUsage = pgTable(
  'quota_usage',
  {
    provider: text().notNull(),
    /** `meetings.write_per_day`. */
    quota: text().notNull(),
    /** The account at the provider that the quota is of: a host user, a connection. */
    account: text().notNull(),
    organization: text().notNull(),
    windowStart: instant('window_start').notNull(),
    windowEnd: instant('window_end').notNull(),
    used: integer().notNull().default(0),
  },
  (table) => [
    primaryKey({
      columns: [table.provider, table.quota, table.account, table.windowStart, table.organization],
    }),
    index('quota_usage_by_end').on(table.windowEnd),
  ],
);

/** Calls under way at an account that allows only so many at once. A lease that ran out counts no more. */
export const quotaLeases = pgTable(
  'quota_leases',
  {
    id: text().primaryKey(),
    provider: text().notNull(),
    quota: text().notNull(),
    account: text().notNull(),
    organization: text().notNull(),
    leaseUntil: instant('lease_until').notNull(),
  },
  (table) => [index('quota_leases_by_account').on(table.provider, table.quota, table.account)],
);
