/** Stores the subscription feeds of session blocks. The address is signed and not stored: it names the generation. */
import { and, eq, gt, sql } from 'drizzle-orm';
import type { OrganizationId, SessionBlockId } from '../../domain/ids.ts';
import { type Actor, createAdministrativeActs } from '../access/administrative-acts.ts';
import type { Database } from '../client.ts';
import { sessionBlocks } from '../schema/session-blocks.ts';

interface BlockRef {
  readonly organization: OrganizationId;
  readonly block: SessionBlockId;
}

/**
 * Each change and its administrative act are stored in one transaction. A call that changes nothing stores no act. Undefined:
 * the organization has no such block.
 */
export interface BlockFeeds {
  /** Creates the feed, unless it exists. Returns the generation of its address. */
  open(ref: BlockRef, actor: Actor): Promise<number | undefined>;
  /** Invalidates the address, and returns the generation of the next one. Creates the feed when it does not exist. */
  rotate(ref: BlockRef, actor: Actor): Promise<number | undefined>;
  /** Revokes the feed. Returns false when there is none. */
  revoke(ref: BlockRef, actor: Actor): Promise<boolean | undefined>;
  /** Returns whether the address of this generation is valid. */
  isValid(ref: BlockRef, generation: number): Promise<boolean>;
}

const isOf = ({ organization, block }: BlockRef) =>
  and(eq(sessionBlocks.organization, organization), eq(sessionBlocks.id, block));

/** Locks the row, so that two simultaneous calls create one address. */
const lockFeed = async (tx: Database, ref: BlockRef) => {
  const [row] = await tx
    .select({ generation: sessionBlocks.feedGeneration, isRevoked: sessionBlocks.isFeedRevoked })
    .from(sessionBlocks)
    .where(isOf(ref))
    .for('update');
  return row && { generation: row.generation, isOpen: row.generation > 0 && !row.isRevoked };
};

const recordAct = (tx: Database, act: string, { organization, block }: BlockRef, actor: Actor) =>
  createAdministrativeActs(tx).record({ organization, ...actor, act, target: block });

const openNext = async (tx: Database, ref: BlockRef): Promise<number | undefined> => {
  const [row] = await tx
    .update(sessionBlocks)
    .set({ feedGeneration: sql`${sessionBlocks.feedGeneration} + 1`, isFeedRevoked: false })
    .where(isOf(ref))
    .returning({ generation: sessionBlocks.feedGeneration });
  return row?.generation;
};

/** Creates the repository of feeds. */
export const createBlockFeeds = (db: Database): BlockFeeds => ({
  open: (ref, actor) =>
    db.transaction(async (tx) => {
      const feed = await lockFeed(tx, ref);
      if (!feed || feed.isOpen) return feed?.generation;
      await recordAct(tx, 'feed.created', ref, actor);
      return openNext(tx, ref);
    }),

  rotate: (ref, actor) =>
    db.transaction(async (tx) => {
      if (!(await lockFeed(tx, ref))) return undefined;
      await recordAct(tx, 'feed.rotated', ref, actor);
      return openNext(tx, ref);
    }),

  revoke: (ref, actor) =>
    db.transaction(async (tx) => {
      const feed = await lockFeed(tx, ref);
      if (!feed?.isOpen) return feed && false;
      await tx.update(sessionBlocks).set({ isFeedRevoked: true }).where(isOf(ref));
      await recordAct(tx, 'feed.revoked', ref, actor);
      return true;
    }),

  async isValid(ref, generation) {
    const [row] = await db
      .select({ generation: sessionBlocks.feedGeneration })
      .from(sessionBlocks)
      .where(and(isOf(ref), eq(sessionBlocks.isFeedRevoked, false), gt(sessionBlocks.feedGeneration, 0)));
    return row?.generation === generation;
  },
});
