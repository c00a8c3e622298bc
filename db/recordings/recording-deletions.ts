/**
 * Deletes recordings: after their retention, or when a caller asks for it. A deletion is first stored with the recording,
 * which no link opens from then on. A worker then deletes the files. A legal hold and a deletion exclude each other:
 * both lock the recording before they look at the other.
 */
import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { RecordingDeletion } from '../../domain/audition/events.ts';
import { type OrganizationId, type RecordingId, recordingIdSchema } from '../../domain/ids.ts';
import type { StoredRecording } from '../../domain/recordings/stored-recording.ts';
import { type Actor, createAdministrativeActs } from '../access/administrative-acts.ts';
import type { Database } from '../client.ts';
import { recordingFiles, recordings } from '../schema/recordings.ts';
import type { HoldReasons } from './hold-reasons.ts';
import { isHeld, selectRecordings } from './recording-rows.ts';

/** Notifies the workers of recordings whose files must be deleted. */
export const recordingDeletionChannel = 'recording_deletions';

export interface DeletingRecording extends StoredRecording {
  readonly reason: RecordingDeletion;
  readonly correlationId: string;
  /** Who has asked for it. Undefined after the retention. */
  readonly principal: string | undefined;
}

export interface RecordingDeletions {
  /** Begins the deletion that a caller asks for, and records the act. Idempotent. */
  request(
    organization: OrganizationId,
    id: RecordingId,
    actor: Actor,
  ): Promise<'requested' | 'held' | 'not_stored' | 'not_found'>;
  /** Begins the deletion of recordings whose retention has ended and that have no legal hold. Returns how many. */
  beginExpired(limit: number): Promise<number>;
  /** Returns recordings whose files must be deleted. */
  listDeleting(limit: number): Promise<readonly DeletingRecording[]>;
  /** Records that all files are deleted. Idempotent. */
  complete(id: RecordingId): Promise<void>;
}

const idsSchema = z.array(z.object({ id: recordingIdSchema })).transform((rows) => rows.map(({ id }) => id));

const reasonsSchema = z.array(
  z.object({
    id: recordingIdSchema,
    reason: z.enum(['retention', 'request']),
    correlationId: z.string(),
    principal: z
      .string()
      .nullable()
      .transform((principal) => principal ?? undefined),
  }),
);

/** Creates the repository. */
export const createRecordingDeletions = (
  db: Database,
  reasons: Pick<HoldReasons, 'open'>,
): RecordingDeletions => ({
  request: (organization, id, actor) =>
    db.transaction(async (tx) => {
      const [row] = await tx
        .select({
          state: recordings.state,
          organization: recordings.organization,
          retainUntil: recordings.retainUntil,
        })
        .from(recordings)
        .where(eq(recordings.id, id))
        .for('update');
      if (row?.organization !== organization) return 'not_found';
      if (row.state === 'deleting' || row.state === 'deleted') return 'requested';
      // An operator who skips a recording sets its retention.
      if (row.state === 'processing' && row.retainUntil === null) return 'not_stored';
      const held = await tx.execute(sql`SELECT FROM recordings WHERE id = ${id} AND ${isHeld}`);
      if (held.rows.length > 0) return 'held';
      await tx
        .update(recordings)
        .set({ state: 'deleting', deletionReason: 'request', deletionPrincipal: actor.principal ?? null })
        .where(eq(recordings.id, id));
      await createAdministrativeActs(tx).record({
        organization,
        ...actor,
        act: 'recording.deleted',
        target: id,
      });
      await tx.execute(sql`SELECT pg_notify(${recordingDeletionChannel}, '')`);
      return 'requested';
    }),

  beginExpired: (limit) =>
    db.transaction(async (tx) => {
      const due = await tx.execute(sql`
        SELECT id FROM recordings
        WHERE state IN ('stored', 'processing') AND retain_until <= now() AND NOT ${isHeld}
        ORDER BY retain_until LIMIT ${limit} FOR UPDATE SKIP LOCKED
      `);
      const ids = idsSchema.parse(due.rows);
      if (ids.length === 0) return 0;
      // A second statement: it sees a hold that was placed while the first one waited for the rows.
      const begun = await tx.execute(sql`
        UPDATE recordings SET state = 'deleting', deletion_reason = 'retention'
        WHERE id = ANY (${sql.param([...ids])}::text[]) AND NOT ${isHeld}
      `);
      return begun.rowCount ?? 0;
    }),

  async listDeleting(limit) {
    const { rows } = await db.execute(sql`
      SELECT id, deletion_reason AS reason, correlation_id AS "correlationId",
        deletion_principal AS principal
      FROM recordings WHERE state = 'deleting' ORDER BY id LIMIT ${limit}
    `);
    const deletions = new Map(reasonsSchema.parse(rows).map((row) => [row.id, row]));
    if (deletions.size === 0) return [];
    const found = await selectRecordings(
      db,
      reasons,
      sql`state = 'deleting' AND id = ANY (${sql.param([...deletions.keys()])}::text[])`,
    );
    return found.flatMap((recording) => {
      const row = deletions.get(recording.id);
      if (!row) return [];
      const { reason, correlationId, principal } = row;
      return [{ ...recording, reason, correlationId, principal }];
    });
  },

  async complete(id) {
    await db.transaction(async (tx) => {
      await tx.update(recordingFiles).set({ storageKey: null }).where(eq(recordingFiles.recording, id));
      await tx
        .update(recordings)
        .set({ state: 'deleted', deletedAt: sql`coalesce(deleted_at, now())` })
        .where(eq(recordings.id, id));
    });
  },
});
