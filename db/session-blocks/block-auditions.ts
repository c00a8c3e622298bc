/** Finds the auditions of session blocks, and compares them with the sessions. */
import { and, eq, gt, inArray, sql } from 'drizzle-orm';
import type { AuditionView } from '../../domain/audition/view.ts';
import type { OrganizationId, SessionBlockId } from '../../domain/ids.ts';
import type { SessionBlock } from '../../domain/session-blocks/session-block.ts';
import { type Outside, outsideOf } from '../../domain/session-blocks/session-slots.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { sessionsIn } from '../../providers/icalendar/session-occurrences.ts';
import { nextFirst } from '../auditions/slot-order.ts';
import { auditionViewSchema } from '../auditions/view-schema.ts';
import type { Database } from '../client.ts';
import { auditions } from '../schema/auditions.ts';
import type { TrailTexts } from '../trail/trail-texts.ts';

/** An audition with its slot, and why it is outside of the sessions; undefined when it is in one. */
interface ComparedAudition {
  readonly view: AuditionView & { readonly slot: NonNullable<AuditionView['slot']> };
  readonly outside: Outside | undefined;
}

export interface BlockAuditions {
  /**
   * Returns the open auditions whose slots begin after `from` and were chosen from the blocks, the earliest slot first,
   * compared with the sessions of all these blocks.
   * @param blocks the blocks of a series
   */
  compare(
    organization: OrganizationId,
    blocks: readonly SessionBlock[],
    from: Instant,
  ): Promise<readonly ComparedAudition[]>;
  /**
   * Returns the auditions whose slots begin after `from`, closed ones included: the next ones from `today` on, then those
   * before it, the latest first.
   */
  list(
    organization: OrganizationId,
    blocks: readonly SessionBlockId[],
    since: { readonly from: Instant; readonly today: Instant },
    limit: number,
  ): Promise<readonly AuditionView[]>;
}

/** A block of two years with ten slots on each working day has 5,000 auditions. */
const mostAuditions = 5_000;

const openStates = ['requested', 'holding', 'scheduling', 'scheduled', 'confirmed', 'in_progress'];

const blockOf = sql<string>`(${auditions.view} -> 'slot' ->> 'block')`;

/** Creates the repository. */
export const createBlockAuditions = (db: Database, texts: TrailTexts): BlockAuditions => ({
  async compare(organization, blocks, from) {
    const rows = await db
      .select({ view: auditions.view })
      .from(auditions)
      .where(
        and(
          isOf(
            organization,
            blocks.map(({ id }) => id),
          ),
          inArray(auditions.state, openStates),
          gt(auditions.scheduledFor, from),
        ),
      )
      .orderBy(auditions.scheduledFor, auditions.id)
      .limit(mostAuditions);
    const opened = await openViews(texts, rows);
    const views = opened.flatMap(({ slot, ...view }) => (slot ? [{ ...view, slot }] : []));
    const [first, last] = [views.at(0), views.at(-1)];
    if (!first || !last) return [];
    const window = { start: toEpochMs(first.slot.start), end: toEpochMs(last.slot.end) };
    const sessions = blocks.flatMap((block) => sessionsIn(block, window));
    return views.map((view) => ({ view, outside: outsideOf(view.slot, sessions) }));
  },

  async list(organization, blocks, { from, today }, limit) {
    const rows = await db
      .select({ view: auditions.view })
      .from(auditions)
      .where(and(isOf(organization, blocks), gt(auditions.scheduledFor, from)))
      .orderBy(...nextFirst(sql`${today}::timestamptz`), auditions.id)
      .limit(limit);
    return openViews(texts, rows);
  },
});

const openViews = (texts: TrailTexts, rows: readonly { readonly view: unknown }[]) =>
  Promise.all(rows.map(({ view }) => texts.openView(auditionViewSchema.parse(view))));

const isOf = (organization: OrganizationId, blocks: readonly SessionBlockId[]) =>
  and(eq(auditions.organization, organization), inArray(blockOf, [...blocks]), sql`${blockOf} IS NOT NULL`);
