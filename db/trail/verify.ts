import { eq, gt } from 'drizzle-orm';
import { z } from 'zod';
import type { AuditionId } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { auditEvents } from '../schema/audit-events.ts';
import { auditions } from '../schema/auditions.ts';
import { genesisHash, hashOf } from './hash-chain.ts';
import { selectTrail } from './stored-events.ts';

/** Result of a verification. `sequence` is that of the first broken link. */
export type TrailVerdict = { readonly ok: true } | { readonly ok: false; readonly sequence: number };

const pageSize = 500;

type Row = typeof auditEvents.$inferSelect;
interface Head {
  readonly sequence: number;
  readonly hash: string;
  readonly organization: string | undefined;
}

/**
 * Recomputes the hash chain from the stored rows. Hash and sequence reveal a row that was changed, moved to another
 * organization, removed or inserted. The read model reveals rows that were removed at the end of the trail.
 */
export const verifyTrail = async (db: Database, auditionId: AuditionId): Promise<TrailVerdict> => {
  let head: Head = { sequence: 0, hash: genesisHash, organization: undefined };
  for (;;) {
    const rows = await selectTrail(db, auditionId, gt(auditEvents.sequence, head.sequence)).limit(pageSize);
    for (const row of rows) {
      if (!follows(head, row, auditionId)) return { ok: false, sequence: head.sequence + 1 };
      head = row;
    }
    if (rows.length < pageSize) break;
  }
  const [folded] = await db
    .select({ sequence: auditions.sequence })
    .from(auditions)
    .where(eq(auditions.id, auditionId));
  return folded && folded.sequence > head.sequence
    ? { ok: false, sequence: head.sequence + 1 }
    : { ok: true };
};

/** The columns `type` and `organization` are not part of the hash. They must be equal to the values in the facts. */
const factSchema = z.looseObject({ type: z.string(), organization: z.string().optional() });

const follows = (head: Head, row: Row, auditionId: AuditionId): boolean => {
  const fact = factSchema.safeParse(row.fact);
  return (
    fact.success &&
    row.sequence === head.sequence + 1 &&
    row.previousHash === head.hash &&
    row.type === fact.data.type &&
    row.organization === (head.organization ?? fact.data.organization) &&
    row.hash === hashOf({ ...row, auditionId })
  );
};
