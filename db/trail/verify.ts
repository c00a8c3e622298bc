import { eq, gt } from 'drizzle-orm';
import { z } from 'zod';
import type { AuditionId } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { auditEvents } from '../schema/audit-events.ts';
import { auditions } from '../schema/auditions.ts';
import { genesisHash, hashOf } from './hash-chain.ts';
import { selectTrail } from './stored-events.ts';
import type { TrailCodes } from './trail-codes.ts';

/**
 * What is wrong with an event. `chain`: it was changed, moved, removed or inserted. `code`: its authentication code is not its
 * own, or it has none although an event before it has one. `unknown_key`: its code is under a key that is not configured, and
 * no anchor covers it. A later code does not vouch for it: an append continues from whatever the last row is. `anchor`: it is
 * not what an anchor has signed.
 */
export type TrailFlaw = 'chain' | 'code' | 'unknown_key' | 'anchor';

/** Result of a verification. `sequence` is that of the first event with a flaw. */
export type TrailVerdict =
  | {
      readonly ok: true;
      /** How many events at the start of the trail have no code: an earlier version has written them. Absent for none. */
      readonly uncoded?: number;
    }
  | { readonly ok: false; readonly sequence: number; readonly flaw: TrailFlaw };

/** The end of a trail at some time. */
export interface TrailEnd {
  readonly sequence: number;
  readonly hash: string;
}

/** What anchors say about a trail. */
export interface AnchoredTrail {
  /** The ends that the trail has had. */
  readonly ends: readonly TrailEnd[];
  /** The most events without a code that the trail can have: those that were there at the first anchor. */
  readonly maxUncoded: number;
}

/** The verdict with the present end of the trail. */
export type CheckedTrail = { readonly verdict: TrailVerdict; readonly end: TrailEnd };

const pageSize = 500;

type Row = typeof auditEvents.$inferSelect;

interface Head extends TrailEnd {
  readonly organization: string | undefined;
}

/** How far the events read so far are vouched for. */
interface Progress {
  readonly head: Head;
  readonly uncoded: number;
  /** The first event whose key is not configured, and that no anchor covers. */
  readonly unvouched: number | undefined;
}

const beginning: Progress = {
  head: { sequence: 0, hash: genesisHash, organization: undefined },
  uncoded: 0,
  unvouched: undefined,
};

/**
 * Recomputes the hash chain and the authentication codes from the stored rows. Hash and sequence reveal a row that was
 * changed, moved to another organization, removed or inserted. The codes reveal rows whose hashes were recomputed. The read
 * model reveals rows that were removed at the end of the trail.
 */
export const verifyTrail = async (
  db: Database,
  codes: TrailCodes,
  auditionId: AuditionId,
): Promise<TrailVerdict> => (await checkTrail(db, codes, auditionId)).verdict;

/** Verifies like `verifyTrail`, and compares the trail with what anchors say about it. */
export const checkTrail = async (
  db: Database,
  codes: TrailCodes,
  auditionId: AuditionId,
  anchored?: AnchoredTrail,
): Promise<CheckedTrail> => {
  const ends = new Map(anchored?.ends.map(({ sequence, hash }) => [sequence, hash]));
  let progress = beginning;
  const flawed = (sequence: number, flaw: TrailFlaw): CheckedTrail => ({
    verdict: { ok: false, sequence, flaw },
    end: { sequence: progress.head.sequence, hash: progress.head.hash },
  });
  for (;;) {
    const { sequence } = progress.head;
    const rows = await selectTrail(db, auditionId, gt(auditEvents.sequence, sequence)).limit(pageSize);
    for (const row of rows) {
      const next = follow(progress, row, auditionId, codes);
      if (typeof next === 'string') return flawed(progress.head.sequence + 1, next);
      const anchoredHash = ends.get(row.sequence);
      if (anchoredHash !== undefined && anchoredHash !== row.hash) return flawed(row.sequence, 'anchor');
      // The hash of an anchored end covers every event up to it, and the anchor was made when their codes were checked.
      progress = anchoredHash === undefined ? next : { ...next, unvouched: undefined };
    }
    if (rows.length < pageSize) break;
  }
  const { head, uncoded, unvouched } = progress;
  if (unvouched !== undefined) return flawed(unvouched, 'unknown_key');
  if (anchored && uncoded > anchored.maxUncoded) return flawed(anchored.maxUncoded + 1, 'anchor');
  if (Math.max(0, ...ends.keys()) > head.sequence) return flawed(head.sequence + 1, 'anchor');
  if ((await foldedSequence(db, auditionId)) > head.sequence) return flawed(head.sequence + 1, 'chain');
  return {
    verdict: uncoded === 0 ? { ok: true } : { ok: true, uncoded },
    end: { sequence: head.sequence, hash: head.hash },
  };
};

const foldedSequence = async (db: Database, auditionId: AuditionId): Promise<number> => {
  const [folded] = await db
    .select({ sequence: auditions.sequence })
    .from(auditions)
    .where(eq(auditions.id, auditionId));
  return folded?.sequence ?? 0;
};

/** Returns the progress after the row, or what is wrong with it. */
const follow = (
  { head, uncoded, unvouched }: Progress,
  row: Row,
  auditionId: AuditionId,
  codes: TrailCodes,
): Progress | TrailFlaw => {
  if (!isNextLink(head, row, auditionId)) return 'chain';
  if (row.mac === null) {
    // Earlier versions have written the first events of a trail. Events after a code have one too.
    return uncoded === head.sequence ? { head: row, uncoded: uncoded + 1, unvouched } : 'code';
  }
  const code = codes.checkEvent(row, row.mac);
  if (code === 'forged') return 'code';
  return {
    head: row,
    uncoded,
    unvouched: unvouched ?? (code === 'unknown_key' ? row.sequence : undefined),
  };
};

/** The columns `type` and `organization` are not part of the hash. They must be equal to the values in the facts. */
const factSchema = z.looseObject({ type: z.string(), organization: z.string().optional() });

const isNextLink = (head: Head, row: Row, auditionId: AuditionId): boolean => {
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
