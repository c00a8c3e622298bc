/** The changed session blocks whose auditions are to be compared with them. */
import { and, eq, gt, inArray, lte, sql } from 'drizzle-orm';
import { z } from 'zod';
import {
  type OrganizationId,
  organizationIdSchema,
  type SessionBlockId,
  sessionBlockIdSchema,
} from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { sessionBlocks } from '../schema/session-blocks.ts';
import { millisecondsInterval } from '../time.ts';

/** A changed block. */
export interface DueReport {
  readonly id: SessionBlockId;
  readonly organization: OrganizationId;
  readonly series: SessionBlockId;
  readonly version: number;
  /** Who has changed it. */
  readonly principal: string | undefined;
}

export interface BlockReports {
  /** Claims a changed block, if there is one. No other process can claim it before the lease expires. */
  claim(leaseMs: number): Promise<DueReport | undefined>;
  /** Makes the block due again after `delayMs`. */
  retryLater(report: Pick<DueReport, 'id' | 'version'>, delayMs: number): Promise<void>;
  /** Records that the auditions know this version. When they are to be compared once more, it is after `againInMs`. */
  complete(report: Pick<DueReport, 'id' | 'version'>, againInMs: number): Promise<void>;
}

const idsSchema = z.object({
  id: sessionBlockIdSchema,
  organization: organizationIdSchema,
  series: sessionBlockIdSchema,
});

/** Creates the repository. */
export const createBlockReports = (db: Database): BlockReports => ({
  async claim(leaseMs) {
    const due = db
      .select({ id: sessionBlocks.id })
      .from(sessionBlocks)
      .where(and(gt(sessionBlocks.reportsLeft, 0), lte(sessionBlocks.reportAt, sql`now()`)))
      .orderBy(sessionBlocks.reportAt)
      .limit(1)
      .for('update', { skipLocked: true });
    const [row] = await db
      .update(sessionBlocks)
      .set({ reportAt: sql`now() + ${millisecondsInterval(leaseMs)}` })
      .where(inArray(sessionBlocks.id, due))
      .returning();
    return row && { ...idsSchema.parse(row), version: row.version, principal: row.changedBy ?? undefined };
  },

  async retryLater({ id, version }, delayMs) {
    await db
      .update(sessionBlocks)
      .set({ reportAt: sql`now() + ${millisecondsInterval(delayMs)}` })
      .where(and(eq(sessionBlocks.id, id), eq(sessionBlocks.version, version)));
  },

  async complete({ id, version }, againInMs) {
    await db
      .update(sessionBlocks)
      .set({
        reportsLeft: sql`${sessionBlocks.reportsLeft} - 1`,
        reportAt: sql`now() + ${millisecondsInterval(againInMs)}`,
      })
      .where(
        and(eq(sessionBlocks.id, id), eq(sessionBlocks.version, version), gt(sessionBlocks.reportsLeft, 0)),
      );
  },
});
