/** Records who opens a recording. */
import { asc, eq } from 'drizzle-orm';
import { type OrganizationId, organizationIdSchema, type RecordingId } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { Database } from '../client.ts';
import { recordingAccesses } from '../schema/recordings.ts';

interface RecordingAccess {
  readonly organization: OrganizationId;
  readonly recording: RecordingId;
  readonly file: string;
  readonly principal: string;
  /** The first byte that was requested. */
  readonly firstByte: number;
  readonly correlationId: string;
}

export interface RecordingAccesses {
  /** Appends an access. Must resolve before the first byte is sent. */
  record(access: RecordingAccess): Promise<void>;
  /** Returns the accesses to a recording, the oldest first. */
  list(recording: RecordingId): Promise<readonly (RecordingAccess & { readonly at: Instant })[]>;
}

/** Creates the repository. */
export const createRecordingAccesses = (db: Database): RecordingAccesses => ({
  async record(access) {
    await db.insert(recordingAccesses).values(access);
  },
  async list(recording) {
    const rows = await db
      .select()
      .from(recordingAccesses)
      .where(eq(recordingAccesses.recording, recording))
      .orderBy(asc(recordingAccesses.id));
    return rows.map(({ organization, file, principal, firstByte, correlationId, at }) => ({
      organization: organizationIdSchema.parse(organization),
      recording,
      file,
      principal,
      firstByte,
      correlationId,
      at: toInstant(at.getTime()),
    }));
  },
});
