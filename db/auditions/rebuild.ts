import { asc, inArray, sql } from 'drizzle-orm';
import { type AuditionView, createView, foldEvent } from '../../domain/audition/view.ts';
import type { AuditionId } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { auditEvents } from '../schema/audit-events.ts';
import { auditedAuditionsAfter, storedEventSchema } from '../trail/stored-events.ts';
import {
  attentionColumns,
  attentionRows,
  auditionColumns,
  auditionRow,
  isItemOfView,
} from './read-model-rows.ts';

/** Auditions per transaction. Appends to the trail wait for the transaction. */
const batchSize = 100;

/**
 * Folds all trails again, in batches, while the service runs. Readers see the old view or the new one. Writers wait
 * for the batch. Idempotent: it can be stopped and started again. Returns the numbers of auditions and events.
 * @throws the error of the fold, when a trail cannot be folded. The batches before it are stored.
 */
export const rebuildReadModel = async (db: Database): Promise<{ auditions: number; events: number }> => {
  const done = { auditions: 0, events: 0 };
  let after = '';
  for (;;) {
    const ids = await auditedAuditionsAfter(db, after, batchSize);
    const last = ids.at(-1);
    if (last === undefined) break;
    done.events += await rebuildBatch(db, ids);
    done.auditions += ids.length;
    after = last;
  }
  await dropViewsWithoutTrail(db);
  return done;
};

const rebuildBatch = (db: Database, ids: readonly string[]): Promise<number> =>
  db.transaction(async (transaction) => {
    await lockViews(transaction);
    return foldAgain(transaction, ids);
  });

/**
 * Folds the audition again when `isWanted` holds, which is checked under the lock. Returns whether it did. Of two
 * simultaneous calls, one rebuilds a stale view.
 */
export const rebuildAudition = (
  db: Database,
  id: AuditionId,
  isWanted: (transaction: Database) => Promise<boolean>,
): Promise<boolean> =>
  db.transaction(async (transaction) => {
    await lockViews(transaction);
    if (!(await isWanted(transaction))) return false;
    await foldAgain(transaction, [id]);
    return true;
  });

/** Blocks appends, including those to auditions that have no row to lock yet. Does not block readers. */
const lockViews = (transaction: Database) =>
  transaction.execute(sql`LOCK TABLE auditions IN SHARE ROW EXCLUSIVE MODE`);

const foldAgain = async (transaction: Database, ids: readonly string[]): Promise<number> => {
  const rows = await transaction
    .select()
    .from(auditEvents)
    .where(inArray(auditEvents.auditionId, [...ids]))
    .orderBy(asc(auditEvents.auditionId), asc(auditEvents.sequence));
  const views = new Map<string, AuditionView>();
  for (const row of rows) {
    const event = storedEventSchema.parse({ ...row, principal: row.principal ?? undefined });
    const view = views.get(row.auditionId);
    views.set(row.auditionId, view ? foldEvent(view, event) : createView(event));
  }
  await transaction.execute(replaceRows(ids, [...views.values()]));
  await transaction.execute(storePerformers(ids));
  return rows.length;
};

const replaceRows = (ids: readonly string[], views: readonly AuditionView[]) => sql`
  WITH upserted AS (
    INSERT INTO auditions (${auditionColumns})
    SELECT ${auditionColumns} FROM jsonb_populate_recordset(NULL::auditions, ${JSON.stringify(views.map(auditionRow))}::jsonb)
    ON CONFLICT (id) DO UPDATE SET (organization, project, role, state, needs_attention, scheduled_for,
        requested_at, sequence, view)
      = ROW (excluded.organization, excluded.project, excluded.role, excluded.state, excluded.needs_attention,
        excluded.scheduled_for, excluded.requested_at, excluded.sequence, excluded.view)
  ), raised AS (
    INSERT INTO attention_items (${attentionColumns})
    SELECT ${attentionColumns} FROM jsonb_populate_recordset(NULL::attention_items, ${JSON.stringify(views.flatMap(attentionRows))}::jsonb)
    ON CONFLICT (id) DO UPDATE SET (organization, audition_id, raised_at, item)
      = ROW (excluded.organization, excluded.audition_id, excluded.raised_at, excluded.item)
  )
  DELETE FROM attention_items
  WHERE audition_id = ANY (${sql.param([...ids])}::text[]) AND ${isItemOfView}
    AND id <> ALL (${sql.param(views.flatMap(({ attention }) => attention.map(({ id }) => id)))}::text[])
`;

/** The trigger on `auditions` stores the performers of new rows and of moved slots alone. */
const storePerformers = (ids: readonly string[]) => sql`
  INSERT INTO audition_performers (organization, performer, audition_id, requested_at, scheduled_for)
  SELECT auditions.organization, member ->> 'id', auditions.id, requested_at, scheduled_for
  FROM auditions, jsonb_path_query(view, '$.participants[*] ? (@.kind == "performer")') AS member
  WHERE auditions.id = ANY (${sql.param([...ids])}::text[])
  ON CONFLICT (audition_id, performer) DO UPDATE SET (organization, requested_at, scheduled_for)
    = ROW (excluded.organization, excluded.requested_at, excluded.scheduled_for)
`;

const dropViewsWithoutTrail = async (db: Database): Promise<void> => {
  for (const [table, id] of [
    [sql`auditions`, sql`id`],
    [sql`attention_items`, sql`audition_id`],
  ] as const) {
    await db.execute(sql`
      DELETE FROM ${table} AS folded
      WHERE NOT EXISTS (SELECT FROM audit_events WHERE audit_events.audition_id = folded.${id})
    `);
  }
};
