/** Reads the end of a trail: what an append continues, and what is in the trail already. */
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { TrailFact } from '../../domain/audition/trail-facts.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { isFoldedInFull } from '../auditions/read-model-rows.ts';
import { auditionViewSchema } from '../auditions/view-schema.ts';
import type { Database } from '../client.ts';
import { TrailAhead, TrailMoved } from '../errors.ts';
import { foldTrail } from './stored-events.ts';
import type { TrailTexts } from './trail-texts.ts';

/** The caller of an append, and the numbered facts that it knows. */
export interface Caller {
  readonly auditionId: AuditionId;
  readonly run: string;
  /** The number of the last fact that the run knows to be in the trail. */
  readonly knows: number;
}

/** Identifies a fact in its trail. */
export const identityOf = (fact: TrailFact): string =>
  'number' in fact ? `number ${fact.number}` : `key ${fact.key}`;

export interface Tail {
  /** The row of the read model. */
  readonly row: { readonly sequence: number; readonly view: unknown } | null;
  readonly last: { readonly sequence: number; readonly hash: string } | null;
  /** Which of the facts are in the trail already. See `identityOf`. */
  readonly known: ReadonlySet<string>;
}

export const emptyTail: Tail = { row: null, last: null, known: new Set() };

const tailSchema = z.object({
  row: z.object({ sequence: z.int(), view: z.unknown() }).nullable(),
  last: z.object({ sequence: z.int(), hash: z.string() }).nullable(),
  known: z.array(z.string()).transform((identities) => new Set(identities)),
  ahead: z.int().nullable(),
});

/** The highest number of another run that the caller does not know. */
const aheadOf = ({ auditionId, run, knows }: Caller) => sql`(
  SELECT max(number) FROM audit_events
  WHERE audition_id = ${auditionId} AND number > ${knows} AND run_id IS DISTINCT FROM ${run})`;

/** @throws {TrailAhead} when the trail has numbered facts of another run that the caller does not know. */
export const readTail = async (db: Database, caller: Caller, facts: readonly TrailFact[]): Promise<Tail> => {
  const { auditionId } = caller;
  const numbers = facts.flatMap((fact) => ('number' in fact ? [fact.number] : []));
  const keys = facts.flatMap((fact) => ('key' in fact ? [fact.key] : []));
  const { rows } = await db.execute(sql`
    SELECT
      (SELECT jsonb_build_object('sequence', sequence, 'view', view) FROM auditions WHERE id = ${auditionId}) AS row,
      (SELECT jsonb_build_object('sequence', sequence, 'hash', hash) FROM audit_events
       WHERE audition_id = ${auditionId} ORDER BY sequence DESC LIMIT 1) AS last,
      (SELECT coalesce(jsonb_agg(coalesce('number ' || number, 'key ' || key)), '[]') FROM audit_events
       WHERE audition_id = ${auditionId}
         AND (number = ANY (${sql.param(numbers)}::int[]) OR key = ANY (${sql.param(keys)}::text[]))) AS known,
      ${aheadOf(caller)} AS ahead
  `);
  const { ahead, ...tail } = tailSchema.parse(rows[0]);
  if (ahead !== null) throw new TrailAhead(auditionId, ahead, caller.knows);
  return tail;
};

const guardSchema = z.object({ sequence: z.int(), ahead: z.int().nullable() });

/**
 * Returns the sequence of the trail's last event, 0 without a trail.
 * @throws {TrailAhead} when the trail has numbered facts of another run that the caller does not know.
 */
export const readLastSequence = async (db: Database, caller: Caller): Promise<number> => {
  const { auditionId } = caller;
  const { rows } = await db.execute(sql`
    SELECT (SELECT coalesce(max(sequence), 0) FROM audit_events WHERE audition_id = ${auditionId}) AS sequence,
      ${aheadOf(caller)} AS ahead
  `);
  const { sequence, ahead } = guardSchema.parse(rows[0]);
  if (ahead !== null) throw new TrailAhead(auditionId, ahead, caller.knows);
  return sequence;
};

/** Returns whether the read model lags behind the trail, or was folded by an earlier version. */
export const isViewStale = ({ row, last }: Tail): boolean =>
  row?.sequence !== last?.sequence || (row !== null && !isFoldedInFull(row.view));

/**
 * Returns the view at the end of the trail; undefined without a trail. Folds the trail again when the read model lags
 * behind it, or was folded by an earlier version.
 * @throws {TrailMoved} when the trail has grown since its tail was read.
 */
export const viewAt = async (
  db: Database,
  texts: TrailTexts,
  auditionId: AuditionId,
  tail: Tail,
): Promise<AuditionView | undefined> => {
  if (!tail.last) return undefined;
  if (tail.row && !isViewStale(tail)) {
    return texts.openView(auditionViewSchema.parse(tail.row.view));
  }
  const view = await foldTrail(db, texts, auditionId);
  if (view?.sequence !== tail.last.sequence) throw new TrailMoved(auditionId);
  return view;
};

const headSchema = z.object({
  row: z.object({ sequence: z.int(), view: z.unknown() }).nullable(),
  sequence: z.int().nullable(),
  number: z.int(),
  run: z.string().nullable(),
});

/** The end of a trail. */
export interface TrailHead {
  readonly view: AuditionView;
  /** The number of the last numbered fact. */
  readonly number: number;
  /** The run that has appended it. */
  readonly run: string | undefined;
}

/** Returns the end of the trail; undefined without a trail. */
export const readHead = async (
  db: Database,
  texts: TrailTexts,
  auditionId: AuditionId,
): Promise<TrailHead | undefined> => {
  const { rows } = await db.execute(sql`
    SELECT
      (SELECT jsonb_build_object('sequence', sequence, 'view', view) FROM auditions WHERE id = ${auditionId}) AS row,
      (SELECT max(sequence) FROM audit_events WHERE audition_id = ${auditionId}) AS sequence,
      (SELECT coalesce(max(number), 0) FROM audit_events WHERE audition_id = ${auditionId}) AS number,
      (SELECT run_id FROM audit_events WHERE audition_id = ${auditionId} AND number IS NOT NULL
       ORDER BY number DESC LIMIT 1) AS run
  `);
  const { row, sequence, number, run } = headSchema.parse(rows[0]);
  if (sequence === null) return undefined;
  const end = { number, run: run ?? undefined };
  if (row?.sequence === sequence && isFoldedInFull(row.view)) {
    return { view: await texts.openView(auditionViewSchema.parse(row.view)), ...end };
  }
  const view = await foldTrail(db, texts, auditionId);
  return view && { view, ...end };
};
