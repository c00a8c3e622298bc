/** Reads trails: parses stored rows into events, and folds events into views. */
import { and, asc, eq, gt, type SQL } from 'drizzle-orm';
import { z } from 'zod';
import { type AuditionEvent, auditionEventSchema } from '../../domain/audition/events.ts';
import { type AuditionView, foldEvents } from '../../domain/audition/view.ts';
import { type AuditionId, auditionIdSchema } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { auditEvents } from '../schema/audit-events.ts';
import type { TrailTexts } from './trail-texts.ts';

export interface StoredEvent extends AuditionEvent {
  readonly previousHash: string;
  readonly hash: string;
}

export const storedEventSchema = auditionEventSchema.extend({
  previousHash: z.string(),
  hash: z.string(),
}) satisfies z.ZodType<StoredEvent>;

/** Selects the rows of an audition's trail, ordered by sequence. */
export const selectTrail = (db: Database, auditionId: AuditionId, only?: SQL) =>
  db
    .select()
    .from(auditEvents)
    .where(and(eq(auditEvents.auditionId, auditionId), only))
    .orderBy(asc(auditEvents.sequence));

/** Returns stored rows as events, with their texts. */
export const openEvents = (
  texts: TrailTexts,
  rows: readonly (typeof auditEvents.$inferSelect)[],
): Promise<readonly StoredEvent[]> =>
  Promise.all(
    rows.map(async (row) =>
      storedEventSchema.parse({
        ...row,
        principal: row.principal ?? undefined,
        fact: await texts.openFact(row.auditionId, row.fact),
      }),
    ),
  );

/** Folds the whole trail of an audition. Returns undefined when there is no trail. */
export const foldTrail = async (
  db: Database,
  texts: TrailTexts,
  auditionId: AuditionId,
): Promise<AuditionView | undefined> => {
  const rows = await selectTrail(db, auditionId);
  return rows.length === 0 ? undefined : foldEvents(await openEvents(texts, rows));
};

/** Returns the next auditions that have a trail, ordered by id. */
export const auditedAuditionsAfter = async (
  db: Database,
  id: string,
  limit: number,
): Promise<readonly string[]> => {
  const rows = await db
    .selectDistinct({ id: auditEvents.auditionId })
    .from(auditEvents)
    .where(gt(auditEvents.auditionId, id))
    .orderBy(asc(auditEvents.auditionId))
    .limit(limit);
  return rows.map((row) => row.id);
};

const pageSize = 500;

/** Yields every audition that has a trail, ordered by id. Reads 500 at a time. */
export async function* auditionIdsWithTrail(db: Database): AsyncGenerator<AuditionId> {
  for (let last: string | undefined = ''; last !== undefined; ) {
    const ids = await auditedAuditionsAfter(db, last, pageSize);
    for (const id of ids) yield auditionIdSchema.parse(id);
    last = ids.at(-1);
  }
}
