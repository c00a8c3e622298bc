/**
 * Remembers the ends of the trails that this process has appended to, so that an append needs not read them first. A
 * remembered end can be wrong: another process has appended since, or the transaction was rolled back. The append then
 * writes nothing and reads the end.
 */
import type { AuditionView } from '../../domain/audition/view.ts';
import type { AuditionId } from '../../domain/ids.ts';
import type { Database } from '../client.ts';

export interface KnownTail {
  readonly sequence: number;
  readonly hash: string;
  readonly view: AuditionView;
}

interface KnownTails {
  get(auditionId: AuditionId): KnownTail | undefined;
  put(auditionId: AuditionId, tail: KnownTail): void;
}

/** About 5 MB. */
const maxTails = 1_000;

const memories = new WeakMap<Database, KnownTails>();

/** Returns the memory of the database client. */
export const knownTailsOf = (db: Database): KnownTails => {
  const known = memories.get(db) ?? createKnownTails();
  memories.set(db, known);
  return known;
};

/** Creates an empty memory. It forgets the ends that were stored first. */
const createKnownTails = (): KnownTails => {
  const tails = new Map<AuditionId, KnownTail>();
  return {
    get: (auditionId) => tails.get(auditionId),
    put(auditionId, tail) {
      tails.delete(auditionId);
      tails.set(auditionId, tail);
      const [oldest] = tails.keys();
      if (tails.size > maxTails && oldest !== undefined) tails.delete(oldest);
    },
  };
};
