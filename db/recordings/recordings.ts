/** Stores what is known of recordings: what the provider has listed, and what is in the storage. */
import { and, eq, sql } from 'drizzle-orm';
import type { AuditionId, OrganizationId, RecordingId } from '../../domain/ids.ts';
import type { RecordedMeetingName } from '../../domain/providers/vendors.ts';
import type { ListedFile } from '../../domain/recordings/recording.ts';
import type { StoredRecording } from '../../domain/recordings/stored-recording.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { recordingFiles, recordings } from '../schema/recordings.ts';
import type { HoldReasons } from './hold-reasons.ts';
import { selectRecordings } from './recording-rows.ts';

interface FoundRecording {
  readonly id: RecordingId;
  readonly organization: OrganizationId;
  readonly auditionId: AuditionId;
  readonly provider: RecordedMeetingName;
  readonly meetingId: string;
  readonly instance: string;
  readonly startedAt?: Instant | undefined;
  /** Milliseconds. */
  readonly duration?: number | undefined;
  readonly files: readonly ListedFile[];
  readonly correlationId: string;
}

interface FileRef {
  readonly recording: RecordingId;
  readonly file: string;
}

interface MeetingRef {
  readonly auditionId: AuditionId;
  readonly provider: RecordedMeetingName;
  readonly meetingId: string;
}

export interface Recordings {
  /**
   * Stores what the provider has listed. Idempotent: a file that is stored stays stored, and a recording that was deleted
   * stays deleted. Returns the recording.
   */
  putFound(found: FoundRecording): Promise<StoredRecording>;
  /** Records that a file is in the storage. Returns false for a recording that is deleted, or being deleted. Idempotent. */
  markFileStored(
    ref: FileRef,
    stored: { readonly storageKey: string; readonly size: number; readonly sha256: string },
  ): Promise<boolean>;
  /** Records that a file has 0 bytes. Returns false: the storage must not keep it. Idempotent. */
  markFileEmpty(ref: FileRef): Promise<false>;
  /** Sets when the recordings of a meeting that are not complete are deleted, because an operator has skipped them. Idempotent. */
  giveUp(meeting: MeetingRef, retainUntil: Instant): Promise<void>;
  /** Records that all files are in the storage. Idempotent: the first time stays. Returns the recording. */
  markStored(
    id: RecordingId,
    stored: { readonly at: Instant; readonly retainUntil: Instant },
  ): Promise<StoredRecording | undefined>;
  /** Records that the removal of the copy at the provider waits for the end of a legal hold. */
  markCopyHeld(id: RecordingId): Promise<void>;
  /** Records what was done to the copy at the provider. Idempotent. */
  markProviderCopy(id: RecordingId, action: 'trash' | 'delete'): Promise<void>;
  get(organization: OrganizationId, id: RecordingId): Promise<StoredRecording | undefined>;
  /** Returns the recordings of a meeting, the oldest first, deleted ones included. */
  ofMeeting(meeting: MeetingRef): Promise<readonly StoredRecording[]>;
  /** Returns the recordings of an audition, the oldest first, deleted ones included. */
  ofAudition(organization: OrganizationId, auditionId: AuditionId): Promise<readonly StoredRecording[]>;
}

/** Creates the repository of recordings. */
export const createRecordings = (db: Database, reasons: Pick<HoldReasons, 'open'>): Recordings => {
  const find = async (id: RecordingId): Promise<StoredRecording | undefined> =>
    (await selectRecordings(db, reasons, sql`id = ${id}`))[0];
  return {
    async putFound({ files, ...found }) {
      await db.transaction(async (tx) => {
        await tx
          .insert(recordings)
          .values(found)
          .onConflictDoUpdate({
            target: recordings.id,
            set: { startedAt: found.startedAt ?? null, duration: found.duration ?? null },
          });
        if (files.length === 0) return;
        await tx
          .insert(recordingFiles)
          .values(
            files.map(({ id, kind, format, size, isReady }) => ({
              recording: found.id,
              id,
              kind,
              format,
              expectedSize: size ?? null,
              state: isReady && size === 0 ? ('empty' as const) : ('waiting' as const),
            })),
          )
          .onConflictDoUpdate({
            target: [recordingFiles.recording, recordingFiles.id],
            set: {
              expectedSize: sql`excluded.expected_size`,
              // A provider that lists no sizes does not know that the file is empty.
              state: sql`CASE WHEN ${recordingFiles.state} = 'stored' THEN 'stored'
                WHEN ${recordingFiles.state} = 'empty' AND excluded.expected_size IS NULL THEN 'empty'
                ELSE excluded.state END`,
            },
          });
      });
      const stored = await find(found.id);
      if (!stored) throw new Error(`the recording ${found.id} was deleted while it was stored: try again`);
      return stored;
    },

    async markFileStored({ recording, file }, { storageKey, size, sha256 }) {
      return db.transaction(async (tx) => {
        // A deletion locks the same row before it looks for files.
        const [found] = await tx
          .select({ state: recordings.state })
          .from(recordings)
          .where(eq(recordings.id, recording))
          .for('update');
        if (found?.state !== 'processing' && found?.state !== 'stored') return false;
        await tx
          .update(recordingFiles)
          .set({ state: 'stored', storageKey, size, sha256, storedAt: sql`coalesce(stored_at, now())` })
          .where(and(eq(recordingFiles.recording, recording), eq(recordingFiles.id, file)));
        return true;
      });
    },

    async markFileEmpty({ recording, file }) {
      await db
        .update(recordingFiles)
        .set({ state: 'empty' })
        .where(and(eq(recordingFiles.recording, recording), eq(recordingFiles.id, file)));
      return false;
    },

    async giveUp({ auditionId, provider, meetingId }, retainUntil) {
      await db
        .update(recordings)
        .set({ retainUntil })
        .where(
          and(
            eq(recordings.auditionId, auditionId),
            eq(recordings.provider, provider),
            eq(recordings.meetingId, meetingId),
            eq(recordings.state, 'processing'),
          ),
        );
    },

    async markStored(id, { at, retainUntil }) {
      await db
        .update(recordings)
        .set({ state: 'stored', storedAt: at, retainUntil })
        .where(and(eq(recordings.id, id), eq(recordings.state, 'processing')));
      return find(id);
    },

    async markCopyHeld(id) {
      await db.update(recordings).set({ copyHeldAt: sql`clock_timestamp()` }).where(eq(recordings.id, id));
    },

    async markProviderCopy(id, action) {
      await db.update(recordings).set({ providerCopy: action }).where(eq(recordings.id, id));
    },

    get: async (organization, id) =>
      (await selectRecordings(db, reasons, sql`organization = ${organization} AND id = ${id}`))[0],

    ofMeeting: ({ auditionId, provider, meetingId }) =>
      selectRecordings(
        db,
        reasons,
        sql`audition_id = ${auditionId} AND provider = ${provider} AND meeting_id = ${meetingId}`,
      ),

    ofAudition: (organization, auditionId) =>
      selectRecordings(db, reasons, sql`organization = ${organization} AND audition_id = ${auditionId}`),
  };
};
