/** Converts a view into rows of the read model, with the column names of the database. */
import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { AuditionView } from '../../domain/audition/view.ts';

/**
 * The version of the fold, which each stored view names. Raise it with each new field of the view: workers of the earlier version remove
 * the field from the views that they write during a rollout. A view of an earlier version is folded again from its trail.
 */
const foldVersion = 3;

/** The version is no part of the view. The schema of the view removes it, and so do the workers of earlier versions. */
const foldedSchema = z.object({ foldVersion: z.int().min(foldVersion) });

/** Returns whether the stored view has all that this version folds. */
export const isFoldedInFull = (view: unknown): boolean => foldedSchema.safeParse(view).success;

/** Whether the view of a row of `auditions` lacks something that this version folds. */
export const isOfEarlierFold: SQL = sql`coalesce((auditions.view ->> 'foldVersion')::int, 0) < ${sql.raw(String(foldVersion))}`;

/** Columns of each insert. They are named explicitly so that columns of a newer version take their default. */
export const auditionColumns: SQL = sql.raw(
  'id, organization, project, role, state, needs_attention, scheduled_for, requested_at, sequence, view',
);

export const attentionColumns: SQL = sql.raw('id, organization, audition_id, raised_at, item');

/** Whether a row of `attention_items` comes from a view. The others belong to workflows of recordings. */
export const isItemOfView: SQL = sql`item ->> 'step' <> 'recording'`;

/** Returns the row of `auditions` for a view. */
export const auditionRow = (view: AuditionView) => ({
  id: view.id,
  organization: view.organization,
  project: view.project,
  role: view.role,
  state: view.state,
  needs_attention: view.attention.length > 0,
  scheduled_for: view.slot?.start ?? null,
  requested_at: view.requestedAt,
  sequence: view.sequence,
  view: { ...view, foldVersion },
});

/** Returns the rows of `attention_items` for a view. */
export const attentionRows = (view: AuditionView) =>
  view.attention.map((item) => ({
    id: item.id,
    organization: view.organization,
    audition_id: view.id,
    raised_at: item.raisedAt,
    item,
  }));
