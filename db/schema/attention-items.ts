import { index, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { instant } from './columns.ts';

/** Read model: the steps that wait for an operator. A row is deleted when its item is resolved. */
export const attentionItems = pgTable(
  'attention_items',
  {
    id: text().primaryKey(),
    organization: text().notNull(),
    auditionId: text('audition_id').notNull(),
    raisedAt: instant('raised_at').notNull(),
    item: jsonb().notNull(),
    /** The workflow of a recording that resolves the item. Null: the workflow of the audition. */
    workflowId: text('workflow_id'),
  },
  (table) => [
    index('attention_items_by_age').on(table.organization, table.raisedAt, table.id),
    index('attention_items_by_audition').on(table.auditionId),
  ],
);
