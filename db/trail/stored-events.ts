/** Reads trails back: stored rows into events, and events into views. */
import { asc, eq } from 'drizzle-orm';
import { z } from 'zod';
import { auditionEventSchema } from '../../domain/audition/events.ts';
import { type AuditionView, foldEvents } from '../../domain/audition/view.ts';
import type { AuditionId } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import type { StoredEvent } from '../repositories.ts';
import { auditEvents } from '../schema/audit-events.ts';

export const storedEventSchema = auditionEventSchema.extend({
  previousHash: z.string(),
  hash: z.string(),
}) satisfies z.ZodType<StoredEvent>;

/** The whole trail of one audition, folded. Undefined where there is none. */
export const foldTrail = async (db: Database, auditionId: AuditionId): Promise<AuditionView | undefined> => {
  const rows = await db
    .select()
    .from(auditEvents)
    .where(eq(auditEvents.auditionId, auditionId))
    .orderBy(asc(auditEvents.sequence));
  return rows.length === 0 ? undefined : foldEvents(rows.map((row) => storedEventSchema.parse(row)));
};
