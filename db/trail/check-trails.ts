/** Verifies many trails, and makes the entries of an anchor from those that are intact. */
import type { AuditionId } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import type { AnchorBook, AnchorEntry } from './anchors.ts';
import type { TrailCodes } from './trail-codes.ts';
import { checkTrail, type TrailFlaw } from './verify.ts';

export interface BrokenTrail {
  readonly auditionId: AuditionId;
  readonly sequence: number;
  readonly flaw: TrailFlaw;
}

export interface CheckedTrails {
  readonly auditions: number;
  readonly broken: readonly BrokenTrail[];
  /** How many events have no code, because an earlier version has written them. */
  readonly uncoded: number;
  /** The ends of the intact trails that the anchors do not have yet. */
  readonly entries: readonly AnchorEntry[];
}

/**
 * Verifies the trails, and compares them with the anchors. A trail that is broken is left out of the entries: an anchor
 * vouches for nothing that was not verified.
 */
export const checkTrails = async (
  db: Database,
  codes: TrailCodes,
  ids: AsyncIterable<AuditionId> | readonly AuditionId[],
  anchors: AnchorBook,
): Promise<CheckedTrails> => {
  const broken: BrokenTrail[] = [];
  const entries: AnchorEntry[] = [];
  let auditions = 0;
  let uncodedEvents = 0;
  for await (const id of ids) {
    auditions += 1;
    const { verdict, end } = await checkTrail(db, codes, id, anchors.of(id));
    if (!verdict.ok) {
      broken.push({ auditionId: id, sequence: verdict.sequence, flaw: verdict.flaw });
      continue;
    }
    const { uncoded = 0 } = verdict;
    uncodedEvents += uncoded;
    if (end.sequence > (anchors.lastOf(id)?.sequence ?? 0))
      entries.push({ audition: id, ...end, ...(uncoded > 0 ? { uncoded } : {}) });
  }
  return { auditions, broken, uncoded: uncodedEvents, entries };
};
