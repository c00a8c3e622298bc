import { and, asc, eq, getTableColumns, type SQL, sql } from 'drizzle-orm';
import { type AttentionItem, attentionItemSchema } from '../../domain/audition/attention.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import {
  type AttentionId,
  type AuditionId,
  auditionIdSchema,
  type OrganizationId,
  projectIdSchema,
  roleIdSchema,
} from '../../domain/ids.ts';
import { instantSchema } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { decodeCursor, type Page, pageOf } from '../cursor.ts';
import { attentionItems } from '../schema/attention-items.ts';
import { auditions } from '../schema/auditions.ts';
import type { TrailTexts } from '../trail/trail-texts.ts';
import { type AuditionFilter, type AuditionPage, listAuditions } from './audition-list.ts';
import { reportedStatuses, viewWithStatuses } from './notice-statuses.ts';
import { rebuildReadModel } from './rebuild.ts';

export interface AuditionReadModel {
  /** Returns an audition of the organization; undefined when there is none. */
  get(organization: OrganizationId, id: AuditionId): Promise<AuditionView | undefined>;
  /** Returns a page of auditions, by default the newest request first. */
  list(organization: OrganizationId, filter: AuditionFilter, page: AuditionPage): Promise<Page<AuditionView>>;
  /** Returns a page of open attention items, the oldest first. */
  listAttentionItems(
    organization: OrganizationId,
    page: { readonly cursor?: string | undefined; readonly limit: number },
  ): Promise<Page<ListedItem>>;
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

/** An attention item, with the audition that it is about. */
type ListedItem = AttentionItem &
  Pick<AuditionView, 'project' | 'role'> & { readonly auditionId: AuditionId };

/**
 * Creates the repository of the read model. Lists use keyset pagination: the cost of a page does not depend on its
 * position, and a new row does not shift the following pages.
 *
 * @throws {Refusal} `invalid_query` for a cursor that this service did not issue.
 */
export const createAuditionReadModel = (db: Database, texts: TrailTexts): AuditionReadModel => ({
  async get(organization, id) {
    const [row] = await db
      .select({ view: auditions.view, statuses: reportedStatuses })
      .from(auditions)
      .where(and(eq(auditions.organization, organization), eq(auditions.id, id)));
    return row && texts.openView(viewWithStatuses(row));
  },

  list: (organization, filter, page) => listAuditions(db, texts, organization, filter, page),

  async listAttentionItems(organization, { cursor, limit }) {
    const rows = await db
      .select({ ...getTableColumns(attentionItems), project: auditions.project, role: auditions.role })
      .from(attentionItems)
      .innerJoin(auditions, eq(auditions.id, attentionItems.auditionId))
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
        project: projectIdSchema.parse(row.project),
        role: roleIdSchema.parse(row.role),
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

const newerThan = (cursor: string | undefined): SQL | undefined => {
  if (cursor === undefined) return undefined;
  const { at, id } = decodeCursor(cursor);
  return sql`(${attentionItems.raisedAt}, ${attentionItems.id}) > (${at}::timestamptz, ${id})`;
};
