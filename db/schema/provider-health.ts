import { index, integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core';
import { circuitStates } from '../../domain/providers/observation.ts';
import { instant } from './columns.ts';

/** The state of each provider as each process measured it. Rows of processes that have ended are deleted by age. */
export const providerHealth = pgTable(
  'provider_health',
  {
    provider: text().notNull(),
    /** The operations that fail together, and share a circuit breaker. */
    operationGroup: text('operation_group').notNull(),
    /** The connection's id for the circuit breaker of a single connection; empty for that of all of them. */
    connection: text().notNull().default(''),
    process: text().notNull(),
    circuit: text({ enum: circuitStates }).notNull().default('closed'),
    /** When an open circuit breaker allows the next call. */
    opensAgainAt: instant('opens_again_at'),
    lastSuccessAt: instant('last_success_at'),
    lastFailureAt: instant('last_failure_at'),
    lastFailure: text('last_failure'),
    updatedAt: timestamp('updated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.provider, table.operationGroup, table.connection, table.process] }),
  ],
);

/** How much of a quota each organization has used of an account in a window. */
export const quotaUsage = pgTable(
  'quota_usage',
  {
    provider: text().notNull(),
    /** For example `meetings.write_per_day`. */
    quota: text().notNull(),
    /** A keyed hash of the account that the provider limits: a host user, a connection (`providers/quota-accounts.ts`). */
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

/** Running calls at an account that limits concurrent calls. An expired lease does not count. */
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
