/**
 * The attention items of recordings. Their audition is often closed by then, so they belong to the workflow of the
 * recording. They are rows of the same read model, so operators find them in the same list.
 */
import { eq } from 'drizzle-orm';
import type { AttentionItem } from '../../domain/audition/attention.ts';
import type { AttentionId, AuditionId, OrganizationId } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { attentionItems } from '../schema/attention-items.ts';

export interface RecordingAttention {
  /** Adds the item, or replaces it. Idempotent by its id. */
  put(
    about: {
      readonly organization: OrganizationId;
      readonly auditionId: AuditionId;
      /** The workflow that resolves the item. */
      readonly workflowId: string;
    },
    item: AttentionItem,
  ): Promise<void>;
  /** Removes the item. Idempotent. */
  remove(id: AttentionId): Promise<void>;
}

/** Creates the repository. */
export const createRecordingAttention = (db: Database): RecordingAttention => ({
  async put({ organization, auditionId, workflowId }, item) {
    await db
      .insert(attentionItems)
      .values({ id: item.id, organization, auditionId, raisedAt: item.raisedAt, item, workflowId })
      .onConflictDoUpdate({ target: attentionItems.id, set: { item } });
  },
  async remove(id) {
    await db.delete(attentionItems).where(eq(attentionItems.id, id));
  },
});
