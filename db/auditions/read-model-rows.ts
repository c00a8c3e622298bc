/** Converts a view into rows of the read model, with the column names of the database. */
import { type SQL, sql } from 'drizzle-orm';
import type { AuditionView } from '../../domain/audition/view.ts';

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
  view,
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
