/**
 * Stores webhooks in batches (group commit). Rows that arrive while a statement runs are inserted by the next one. A
 * burst costs a few commits instead of one per webhook. A row waits for at most two statements, unless more than 200
 * rows are queued.
 */
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Database } from '../client.ts';
import { isDatabaseOutage } from '../errors.ts';

/** Channel of `NOTIFY` that wakes the inbox relay. */
export const inboxChannel = 'webhook_inbox';

export interface InboxRow {
  readonly id: string;
  readonly provider: string;
  readonly dedupeKey: string;
  readonly kind: string;
  readonly sealedEvent: string;
  readonly dataKey: string;
  readonly correlationId: string;
}

interface QueuedRow {
  readonly row: InboxRow;
  readonly resolve: (isFirst: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/** Rows per statement: few enough that the statement ends long before its timeout. */
const maxBatchSize = 200;

/**
 * Creates a function that stores a row. It resolves after the commit, with false for a duplicate (same provider and
 * dedupe key). It rejects with the error of the database.
 */
export const createBatchInsert = (db: Database): ((row: InboxRow) => Promise<boolean>) => {
  let waiting: QueuedRow[] = [];
  let isWriting = false;

  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, maxBatchSize);
      waiting = waiting.slice(maxBatchSize);
      await writeBatch(db, batch);
    }
    isWriting = false;
  };

  return (row) =>
    new Promise((resolve, reject) => {
      waiting.push({ row, resolve, reject });
      if (isWriting) return;
      isWriting = true;
      // Waits for the other rows of this turn of the event loop.
      setImmediate(() => void writeAll());
    });
};

const writeBatch = async (db: Database, batch: readonly QueuedRow[]): Promise<void> => {
  try {
    const stored = await insert(
      db,
      batch.map(({ row }) => row),
    );
    for (const queued of batch) queued.resolve(stored.has(queued.row.id));
  } catch (error) {
    // A row that PostgreSQL rejects must not fail the others: insert each row alone.
    if (batch.length > 1 && !isDatabaseOutage(error)) {
      for (const queued of batch) await writeBatch(db, [queued]);
    } else {
      for (const queued of batch) queued.reject(error);
    }
  }
};

const storedSchema = z.object({ ids: z.array(z.string()) });

/**
 * Returns the ids of the stored rows; a new row is stored under its own id, a duplicate under the id of the first. The
 * rows are sorted, so that two statements with the same rows lock them in the same order and cannot deadlock.
 */
const insert = async (db: Database, rows: readonly InboxRow[]): Promise<ReadonlySet<string>> => {
  const firsts = new Map<string, { readonly row: InboxRow; more: number }>();
  for (const row of rows) {
    const key = `${row.provider} ${row.dedupeKey}`;
    const first = firsts.get(key);
    if (first) first.more += 1;
    else firsts.set(key, { row, more: 0 });
  }
  const sorted = [...firsts.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, first]) => first);
  const recordset = JSON.stringify(
    sorted.map(({ row, more }) => ({
      id: row.id,
      provider: row.provider,
      dedupe_key: row.dedupeKey,
      kind: row.kind,
      sealed_event: row.sealedEvent,
      data_key: row.dataKey,
      correlation_id: row.correlationId,
      duplicates: more,
    })),
  );
  // An existing row keeps its id. So a row whose own id is not returned is a duplicate.
  const { rows: storedRows } = await db.execute(sql`
    WITH stored AS (
      INSERT INTO webhook_inbox AS known
        (id, provider, dedupe_key, kind, sealed_event, data_key, correlation_id, duplicates)
      SELECT * FROM json_to_recordset(${recordset}) AS told (
        id text, provider text, dedupe_key text, kind text, sealed_event text, data_key text, correlation_id text,
        duplicates int)
      ON CONFLICT (provider, dedupe_key) DO UPDATE SET duplicates = known.duplicates + 1 + excluded.duplicates
      RETURNING id, known.xmax = 0 AS is_new
    )
    SELECT json_agg(id) AS ids, CASE WHEN bool_or(is_new) THEN pg_notify(${inboxChannel}, '')::text END AS woken
    FROM stored
  `);
  return new Set(storedSchema.parse(storedRows[0]).ids);
};
