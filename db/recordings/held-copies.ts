/** Copies at providers whose removal waits for the end of a legal hold. */
import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import {
  type AuditionId,
  auditionIdSchema,
  type OrganizationId,
  organizationIdSchema,
  type RecordingId,
  recordingIdSchema,
} from '../../domain/ids.ts';
import { type RecordedMeetingName, recordedMeetings } from '../../domain/providers/vendors.ts';
import type { Database } from '../client.ts';
import { recordings } from '../schema/recordings.ts';
import { isHeld } from './recording-rows.ts';

interface ReleasedCopy {
  readonly id: RecordingId;
  readonly organization: OrganizationId;
  readonly auditionId: AuditionId;
  readonly provider: RecordedMeetingName;
  readonly meetingId: string;
  readonly correlationId: string;
  /** Identifies the wait, as text of the database. */
  readonly heldAt: string;
}

export interface HeldCopies {
  /** Returns the copies that wait, and whose recording has no legal hold any more. */
  listReleased(limit: number): Promise<readonly ReleasedCopy[]>;
  /** Records that the workflow of the recording was notified. A later wait stays. Idempotent. */
  settle(copy: Pick<ReleasedCopy, 'id' | 'heldAt'>): Promise<void>;
}

const releasedSchema = z.array(
  z.object({
    id: recordingIdSchema,
    organization: organizationIdSchema,
    auditionId: auditionIdSchema,
    provider: z.enum(recordedMeetings),
    meetingId: z.string(),
    correlationId: z.string(),
    heldAt: z.string(),
  }),
);

/** Creates the repository. */
export const createHeldCopies = (db: Database): HeldCopies => ({
  async listReleased(limit) {
    const { rows } = await db.execute(sql`
      SELECT id, organization, audition_id AS "auditionId", provider, meeting_id AS "meetingId",
        correlation_id AS "correlationId", copy_held_at::text AS "heldAt"
      FROM recordings WHERE copy_held_at IS NOT NULL AND NOT ${isHeld} ORDER BY copy_held_at LIMIT ${limit}
    `);
    return releasedSchema.parse(rows);
  },

  async settle({ id, heldAt }) {
    await db
      .update(recordings)
      .set({ copyHeldAt: null })
      .where(and(eq(recordings.id, id), sql`copy_held_at = ${heldAt}::timestamptz`));
  },
});
