import { boolean, index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

export const operationStates = ['open', 'completed', 'undoing', 'undone'] as const;

/** What earlier attempts left behind without a record: nothing, a call that may have gone out, or one handed over. */
export const operationDoubts = ['none', 'started', 'handed_over'] as const;

/** The idempotency ledger: one row per effect on a provider, written before the call. See `ledger/operations.ts`. */
export const operations = pgTable(
  'operations',
  {
    key: text().primaryKey(),
    organization: text().notNull(),
    provider: text().notNull(),
    operation: text().notNull(),
    /** Null where nothing was ever tried: the tombstone of an undo that came first. */
    requestHash: text('request_hash'),
    state: text({ enum: operationStates }).notNull(),
    /** Raised by each attempt that begins: whoever began earlier does not own the row any more. */
    attempt: integer().notNull().default(0),
    doubt: text({ enum: operationDoubts }).notNull().default('none'),
    /** Of the attempt that holds the lease. */
    handedOver: boolean('handed_over').notNull().default(false),
    /** Null while no attempt is under way. By the database's clock. */
    leaseUntil: instant('lease_until'),
    /** When the lease ended, or would have, of the last attempt that handed its call over and did not see it end. */
    givenUpAt: instant('given_up_at'),
    /** The activity execution that has put the doubt before a person; null again once another call is handed over. */
    askedBy: text('asked_by'),
    /** When the earliest attempt that may have had an effect began. */
    startedAt: instant('started_at').notNull(),
    completedAt: instant('completed_at'),
    providerId: text('provider_id'),
    result: jsonb(),
    /** Effects beside the recorded one that are still to be taken back: an array of provider's id and result. */
    surplus: jsonb().notNull().default([]),
  },
  (table) => [
    // By what a provider names in its webhooks.
    index('operations_by_provider_id').on(table.provider, table.providerId),
  ],
);
