/**
 * Storing webhooks, many in one statement (group commit). Whoever comes while a statement is under way goes with the
 * next one: a burst costs a few commits instead of one each, and nobody waits for longer than two of them.
 */
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Database } from '../client.ts';
import { isDatabaseOutage } from '../errors.ts';

/** What the relay listens to. */
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

/** Far from what a statement may take, and from what anybody notices. */
const maxBatchSize = 200;

/** Answers whether the row was the first of its kind (provider and dedupe key). */
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
      // What arrives in the same turn of the event loop goes together.
      setImmediate(() => void writeAll());
    });
};

const writeBatch = async (db: Database, batch: readonly QueuedRow[]): Promise<void> => {
  try {
    const stored = await insert(
      db,
      batch.map(({ row }) => row),
    );
    for (const one of batch) one.resolve(stored.has(one.row.id));
  } catch (error) {
    // One row that PostgreSQL does not take must not take the others with it.
    if (batch.length > 1 && !isDatabaseOutage(error)) for (const one of batch) await writeBatch(db, [one]);
    else for (const one of batch) one.reject(error);
  }
};

const storedSchema = z.object({ ids: z.array(z.string()) });

/** The ids of those that were new. Sorted, so that two statements with the same rows wait for each other in one order. */
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
  // A row that was there keeps its id: so what comes back under another id was known.
  const { rows: known } = await db.execute(sql`
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
  return new Set(storedSchema.parse(known[0]).ids);
};
