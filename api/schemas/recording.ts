/** Schemas of recordings in responses. */
import { z } from 'zod';
import { auditionIdSchema, recordingIdSchema } from '../../domain/ids.ts';
import { recordedMeetings } from '../../domain/providers/vendors.ts';
import { fileKinds, fileStates, recordingStates } from '../../domain/recordings/recording.ts';
import type { StoredRecording } from '../../domain/recordings/stored-recording.ts';
import { instantSchema } from '../../domain/time/instant.ts';

const fileSchema = z.object({
  id: z.string().describe('The id of the file'),
  kind: z.enum(fileKinds).describe('What the file contains'),
  format: z.string().describe('The ending of its name, such as `mp4`'),
  state: z.enum(fileStates).describe('`empty`: the provider has a file of 0 bytes, which is not stored'),
  size: z.int().optional().describe('In bytes'),
  sha256: z.string().optional().describe('The checksum, in hexadecimal digits'),
  storedAt: instantSchema.optional().describe('When the file was in the storage, in UTC'),
});

const holdSchema = z.object({
  on: z
    .enum(['recording', 'audition', 'organization'])
    .describe(
      'Whether the hold is on the recording, on its audition, or on all recordings of the organization',
    ),
  reason: z.string().describe('Why the recording is kept'),
  placedBy: z.string().describe('Who placed the hold: the label of a key or the subject of a token'),
  placedAt: instantSchema.describe('When, in UTC'),
});

export const recordingSchema = z
  .object({
    id: recordingIdSchema,
    auditionId: auditionIdSchema,
    provider: z.enum(recordedMeetings).describe('The provider of the meeting'),
    state: z.enum(recordingStates).describe('`deleting` and `deleted`: the files can no longer be opened'),
    startedAt: instantSchema.optional().describe('When the recording begins, in UTC'),
    duration: z.int().optional().describe('In milliseconds'),
    storedAt: instantSchema.optional().describe('When all files were in the storage, in UTC'),
    retainUntil: instantSchema
      .optional()
      .describe('When the recording is deleted, unless it has a legal hold'),
    deletedAt: instantSchema.optional().describe('When it was deleted, in UTC'),
    legalHolds: z.array(holdSchema).describe('What keeps the recording after its retention'),
    files: z.array(fileSchema).describe('The files of the recording'),
  })
  .meta({ id: 'Recording', description: 'A recording of a session' });

/** Returns the recording without what is internal: the keys in the storage, and the ids of the provider. */
export const toRecordingResponse = ({
  holds,
  files,
  instance: _instance,
  meetingId: _meetingId,
  organization: _organization,
  ...recording
}: StoredRecording) => ({
  ...recording,
  legalHolds: [...holds],
  files: files.map(({ storageKey: _storageKey, ...file }) => file),
});

export const recordingLinkSchema = z
  .object({
    url: z.url().describe('Opens the file without a key. Keep it secret'),
    expiresAt: instantSchema.describe('Until when the link works, in UTC'),
  })
  .meta({ id: 'RecordingLink', description: 'An address at which a file of a recording can be viewed' });
