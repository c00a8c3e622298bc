/** Reads recordings with their files and legal holds, in one statement. */
import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import { auditionIdSchema, organizationIdSchema, recordingIdSchema } from '../../domain/ids.ts';
import { recordedMeetings } from '../../domain/providers/vendors.ts';
import { fileKinds, fileStates, recordingStates } from '../../domain/recordings/recording.ts';
import type { StoredRecording } from '../../domain/recordings/stored-recording.ts';
import type { Database } from '../client.ts';
import { instantFromDatabase } from '../time.ts';
import type { HoldReasons } from './hold-reasons.ts';

/** Turns the nulls of the database into absent fields. */
const orUndefined = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullable().transform((value) => value ?? undefined);

const fileSchema = z.object({
  id: z.string(),
  kind: z.enum(fileKinds),
  format: z.string(),
  state: z.enum(fileStates),
  size: orUndefined(z.coerce.number()),
  sha256: orUndefined(z.string()),
  storedAt: orUndefined(instantFromDatabase),
  storageKey: orUndefined(z.string()),
});

const holdSchema = z.object({
  on: z.enum(['recording', 'audition', 'organization']),
  reason: z.string(),
  placedBy: z.string(),
  placedAt: instantFromDatabase,
});

const recordingSchema = z.object({
  id: recordingIdSchema,
  organization: organizationIdSchema,
  auditionId: auditionIdSchema,
  provider: z.enum(recordedMeetings),
  meetingId: z.string(),
  instance: z.string(),
  state: z.enum(recordingStates),
  startedAt: orUndefined(instantFromDatabase),
  duration: orUndefined(z.int()),
  storedAt: orUndefined(instantFromDatabase),
  retainUntil: orUndefined(instantFromDatabase),
  deletedAt: orUndefined(instantFromDatabase),
  providerCopy: orUndefined(z.enum(['trash', 'delete'])),
  holds: z.array(holdSchema),
  files: z.array(fileSchema),
});

/** Whether a recording, its audition, or its organization has a legal hold. */
export const isHeld: SQL = sql`EXISTS (
  SELECT FROM recording_holds WHERE subject IN (recordings.id, recordings.audition_id, recordings.organization)
)`;

/** Returns the recordings that match, the oldest first. */
export const selectRecordings = async (
  db: Database,
  reasons: Pick<HoldReasons, 'open'>,
  where: SQL,
): Promise<readonly StoredRecording[]> => {
  const { rows } = await db.execute(sql`
    SELECT id, organization, audition_id AS "auditionId", provider, meeting_id AS "meetingId", instance, state,
      started_at AS "startedAt", duration, stored_at AS "storedAt", retain_until AS "retainUntil",
      deleted_at AS "deletedAt", provider_copy AS "providerCopy",
      coalesce((
        SELECT jsonb_agg(jsonb_build_object(
          'on', CASE subject WHEN recordings.id THEN 'recording' WHEN recordings.audition_id THEN 'audition'
            ELSE 'organization' END,
          'reason', reason, 'placedBy', placed_by, 'placedAt', placed_at) ORDER BY placed_at)
        FROM recording_holds WHERE subject IN (recordings.id, recordings.audition_id, recordings.organization)
      ), '[]') AS holds,
      coalesce((
        SELECT jsonb_agg(jsonb_build_object(
          'id', file.id, 'kind', kind, 'format', format, 'state', file.state, 'size', size, 'sha256', sha256,
          'storedAt', file.stored_at, 'storageKey', storage_key) ORDER BY kind, file.id)
        FROM recording_files AS file WHERE file.recording = recordings.id
      ), '[]') AS files
    FROM recordings WHERE ${where} ORDER BY coalesce(started_at, found_at), id
  `);
  return Promise.all(
    z
      .array(recordingSchema)
      .parse(rows)
      .map(async (recording) => ({
        ...recording,
        holds: await Promise.all(
          recording.holds.map(async (hold) => ({
            ...hold,
            reason: await reasons.open(subjectOf(recording, hold), hold.reason),
          })),
        ),
      })),
  );
};

const subjectOf = (
  { id, organization, auditionId }: Pick<StoredRecording, 'id' | 'organization' | 'auditionId'>,
  { on }: Pick<StoredRecording['holds'][number], 'on'>,
) =>
  on === 'organization'
    ? { auditionId: undefined, subject: organization }
    : { auditionId, subject: on === 'recording' ? id : auditionId };
