import { asc, gt } from 'drizzle-orm';
import { type AuditionId, auditionIdSchema } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { auditEvents } from '../schema/audit-events.ts';

const pageSize = 500;

/** Every audition that has a trail, in the order of their ids, a page at a time. */
export async function* auditedAuditions(db: Database): AsyncGenerator<AuditionId> {
  let last = '';
  for (;;) {
    const rows = await db
      .selectDistinct({ id: auditEvents.auditionId })
      .from(auditEvents)
      .where(gt(auditEvents.auditionId, last))
      .orderBy(asc(auditEvents.auditionId))
      .limit(pageSize);
    for (const { id } of rows) {
      last = id;
      yield auditionIdSchema.parse(id);
    }
    if (rows.length < pageSize) return;
  }
}
