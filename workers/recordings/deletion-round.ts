/**
 * Deletes the files of recordings: when a caller has asked for it, and when the retention of the organization has ended. A
 * legal hold prevents both.
 */
import { randomUUID } from 'node:crypto';
import { storageKeyOf } from '../../activities/recordings/recording-id.ts';
import type { DeletingRecording, RecordingDeletions } from '../../db/recordings/recording-deletions.ts';
import type { EventStore } from '../../db/trail/event-store.ts';
import { anyPosition } from '../../domain/audition/trail-facts.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { Logger } from '../../foundation/observability/logger.ts';
import type { FileStorage } from '../../providers/ports.ts';

interface DeletionRoundOptions {
  readonly deletions: Pick<RecordingDeletions, 'beginExpired' | 'listDeleting' | 'complete'>;
  readonly storage: Pick<FileStorage, 'remove'>;
  readonly events: Pick<EventStore, 'append'>;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

const recordingsPerRound = 50;
const removalDeadlineMs = 30_000;

/**
 * Returns a round. It resolves to whether there may be more to delete. Idempotent: a recording stays in the list until all
 * of its files are deleted, and a file that is gone counts as deleted.
 *
 * @throws when no recording of the round could be deleted; the relay then pauses.
 */
export const createDeletionRound = ({ deletions, storage, events, logger }: DeletionRoundOptions) => {
  const remove = async ({
    id,
    auditionId,
    organization,
    files,
    reason,
    correlationId,
    principal,
  }: DeletingRecording): Promise<void> => {
    for (const { id: file, format, storageKey } of files) {
      const signal = AbortSignal.timeout(removalDeadlineMs);
      // A file that is not stored can have incomplete bytes under its key.
      const key = storageKey ?? storageKeyOf({ organization, auditionId }, { recording: id, file, format });
      await storage.remove(key, { correlationId, signal, organization });
    }
    const at = toInstant(Date.now());
    await events.append(
      { auditionId, run: randomUUID(), position: anyPosition },
      {
        facts: [
          {
            at,
            correlationId,
            principal,
            key: `recording/${id}:deleted`,
            fact: { type: 'recording_deleted', recording: id, reason },
          },
        ],
      },
    );
    await deletions.complete(id);
    logger.info({ organization, auditionId, recording: id, reason, correlationId }, 'recording deleted');
  };

  return async (stopping: AbortSignal): Promise<boolean> => {
    await deletions.beginExpired(recordingsPerRound);
    const due = await deletions.listDeleting(recordingsPerRound);
    let deletedCount = 0;
    for (const recording of due) {
      if (stopping.aborted) return false;
      try {
        await remove(recording);
        deletedCount += 1;
      } catch (err) {
        const { organization, auditionId, id } = recording;
        logger.warn({ err, organization, auditionId, recording: id }, 'recording deletion failed; retrying');
      }
    }
    if (due.length > 0 && deletedCount === 0)
      throw new Error(`none of ${due.length} recordings could be deleted: see the preceding warnings`);
    return due.length === recordingsPerRound;
  };
};
