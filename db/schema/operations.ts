import { boolean, index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

export const operationStates = ['open', 'completed', 'undoing', 'undone'] as const;

/** Possible unrecorded effects of earlier attempts: none, started but not handed over, handed over to the provider. */
export const operationDoubts = ['none', 'started', 'handed_over'] as const;

/** The idempotency ledger: one row per effect on a provider, written before the call. See `ledger/operations.ts`. */
export const operations = pgTable(
  'operations',
  {
    key: text().primaryKey(),
    organization: text().notNull(),
    provider: text().notNull(),
    operation: text().notNull(),
    /** Null when no attempt has begun: the row is the tombstone of an undo. */
    requestHash: text('request_hash'),
    state: text({ enum: operationStates }).notNull(),
    /** Incremented by each attempt that begins. Fencing token: an earlier attempt no longer owns the row. */
    attempt: integer().notNull().default(0),
    doubt: text({ enum: operationDoubts }).notNull().default('none'),
    /** Whether the attempt that holds the lease has handed its call over to the provider. */
    handedOver: boolean('handed_over').notNull().default(false),
    /** Null while no attempt is under way. By the database's clock. */
    leaseUntil: instant('lease_until'),
    /** When the lease ended (or would have ended) of the last attempt that handed a call over and did not see it end. */
    givenUpAt: instant('given_up_at'),
    /** The activity execution that asked an operator about the doubt. Reset to null when another call is handed over. */
    askedBy: text('asked_by'),
    /** Start of the earliest attempt that may have had an effect. */
    startedAt: instant('started_at').notNull(),
    completedAt: instant('completed_at'),
    providerId: text('provider_id'),
    result: jsonb(),
    /** Effects in addition to the recorded one that must still be undone: an array of provider id and result. */
    surplus: jsonb().notNull().default([]),
    /** Null for an operation that no audition must undo. */
    auditionId: text('audition_id'),
    /** What undoing the effect needs, sealed under the data key `ledger:<month>`, bound to this row. */
    sealedTarget: text('sealed_target'),
    dataKey: text('data_key'),
  },
  (table) => [
    index('operations_by_audition').on(table.auditionId),
    index('operations_by_data_key').on(table.dataKey),
    // Finds an operation by the provider id in a webhook.
    index('operations_by_provider_id').on(table.provider, table.providerId),
  ],
);
