import { eq, gt } from 'drizzle-orm';
import { z } from 'zod';
import type { AuditionId } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { auditEvents } from '../schema/audit-events.ts';
import { auditions } from '../schema/auditions.ts';
import { genesisHash, hashOf } from './hash-chain.ts';
import { selectTrail } from './stored-events.ts';

/** `sequence` is that of the first broken link. */
export type TrailVerdict = { readonly ok: true } | { readonly ok: false; readonly sequence: number };

const pageSize = 500;

type Row = typeof auditEvents.$inferSelect;
interface Head {
  readonly sequence: number;
  readonly hash: string;
  readonly organization: string | undefined;
}

/**
 * Recomputes the chain from the rows as they are. A row that was changed, moved to another organization, left out or
 * put in is found by its hash or its place; rows cut off at the end, by the read model that still counts them.
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

/** The columns beside the fact are not hashed themselves: they must repeat what the facts say. */
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
