import { and, asc, desc, eq, gte, lt, type SQL, sql } from 'drizzle-orm';
import { type AttentionItem, attentionItemSchema } from '../../domain/audition/attention.ts';
import type { AuditionState } from '../../domain/audition/states.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import {
  type AttentionId,
  type AuditionId,
  auditionIdSchema,
  type OrganizationId,
  type ProjectId,
  type RoleId,
} from '../../domain/ids.ts';
import { type Instant, instantSchema } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { decodeCursor, type Page, pageOf } from '../cursor.ts';
import { attentionItems } from '../schema/attention-items.ts';
import { auditions } from '../schema/auditions.ts';
import { reportedStatuses, viewWithStatuses } from './notice-statuses.ts';
import { rebuildReadModel } from './rebuild.ts';

export interface AuditionFilter {
  readonly state?: AuditionState | undefined;
  readonly project?: ProjectId | undefined;
  readonly role?: RoleId | undefined;
  readonly needsAttention?: boolean | undefined;
  readonly scheduledFrom?: Instant | undefined;
  readonly scheduledUntil?: Instant | undefined;
}

export interface AuditionReadModel {
  /** Returns an audition of the organization; undefined when there is none. */
  get(organization: OrganizationId, id: AuditionId): Promise<AuditionView | undefined>;
  /** Returns a page of auditions, the newest request first. */
  list(
    organization: OrganizationId,
    filter: AuditionFilter,
    page: { readonly cursor?: string | undefined; readonly limit: number },
  ): Promise<Page<AuditionView>>;
  /** Returns a page of open attention items, the oldest first. */
  listAttentionItems(
    organization: OrganizationId,
    page: { readonly cursor?: string | undefined; readonly limit: number },
  ): Promise<Page<AttentionItem & { readonly auditionId: AuditionId }>>;
  findAttentionItem(
    organization: OrganizationId,
    id: AttentionId,
  ): Promise<
    | {
        readonly auditionId: AuditionId;
        /** The workflow of a recording that resolves the item. Undefined: the workflow of the audition. */
        readonly workflowId?: string | undefined;
      }
    | undefined
  >;
  /** Folds all views again from the trail. Returns the numbers of auditions and events. */
  rebuild(): Promise<{ readonly auditions: number; readonly events: number }>;
}

/**
 * Creates the repository of the read model. Lists use keyset pagination: the cost of a page does not depend on its
 * position, and a new row does not shift the following pages.
 *
 * @throws {Refusal} `invalid_query` for a cursor that this service did not issue.
 */
export const createAuditionReadModel = (db: Database): AuditionReadModel => ({
  async get(organization, id) {
    const [row] = await db
      .select({ view: auditions.view, statuses: reportedStatuses })
      .from(auditions)
      .where(and(eq(auditions.organization, organization), eq(auditions.id, id)));
    return row && viewWithStatuses(row);
  },

  async list(organization, filter, { cursor, limit }) {
    const rows = await db
      .select({ view: auditions.view, statuses: reportedStatuses })
      .from(auditions)
      .where(and(matches(organization, filter), olderThan(cursor)))
      .orderBy(desc(auditions.requestedAt), desc(auditions.id))
      .limit(limit + 1);
    const views = rows.map(viewWithStatuses);
    return pageOf(
      views,
      limit,
      ({ requestedAt, id }) => ({ at: requestedAt, id }),
      (view) => view,
    );
  },

  async listAttentionItems(organization, { cursor, limit }) {
    const rows = await db
      .select()
      .from(attentionItems)
      .where(and(eq(attentionItems.organization, organization), newerThan(cursor)))
      .orderBy(asc(attentionItems.raisedAt), asc(attentionItems.id))
      .limit(limit + 1);
    return pageOf(
      rows,
      limit,
      ({ raisedAt, id }) => ({ at: instantSchema.parse(raisedAt), id }),
      (row) => ({
        ...attentionItemSchema.parse(row.item),
        auditionId: auditionIdSchema.parse(row.auditionId),
      }),
    );
  },

  async findAttentionItem(organization, id) {
    const [row] = await db
      .select({ auditionId: attentionItems.auditionId, workflowId: attentionItems.workflowId })
      .from(attentionItems)
      .where(and(eq(attentionItems.organization, organization), eq(attentionItems.id, id)));
    return (
      row && {
        auditionId: auditionIdSchema.parse(row.auditionId),
        workflowId: row.workflowId ?? undefined,
      }
    );
  },

  rebuild: () => rebuildReadModel(db),
});

const matches = (organization: OrganizationId, filter: AuditionFilter): SQL | undefined =>
  and(
    eq(auditions.organization, organization),
    filter.state && eq(auditions.state, filter.state),
    filter.project && eq(auditions.project, filter.project),
    filter.role && eq(auditions.role, filter.role),
    filter.needsAttention === undefined ? undefined : eq(auditions.needsAttention, filter.needsAttention),
    filter.scheduledFrom && gte(auditions.scheduledFor, filter.scheduledFrom),
    filter.scheduledUntil && lt(auditions.scheduledFor, filter.scheduledUntil),
  );

const olderThan = (cursor: string | undefined): SQL | undefined => {
  if (cursor === undefined) return undefined;
  const { at, id } = decodeCursor(cursor);
  return sql`(${auditions.requestedAt}, ${auditions.id}) < (${at}::timestamptz, ${id})`;
};

const newerThan = (cursor: string | undefined): SQL | undefined => {
  if (cursor === undefined) return undefined;
  const { at, id } = decodeCursor(cursor);
  return sql`(${attentionItems.raisedAt}, ${attentionItems.id}) > (${at}::timestamptz, ${id})`;
};
