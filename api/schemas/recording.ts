/** Schemas of recordings in responses. */
import { z } from 'zod';
import { auditionIdSchema, recordingIdSchema } from '../../domain/ids.ts';
import { recordedMeetings } from '../../domain/providers/vendors.ts';
import { fileKinds, fileStates, recordingStates } from '../../domain/recordings/recording.ts';
import type { StoredRecording } from '../../domain/recordings/stored-recording.ts';
import { instantSchema } from '../../domain/time/instant.ts';

const fileSchema = z.object({
  id: z.string(),
  kind: z.enum(fileKinds).describe('What the file contains'),
  format: z.string().describe('The ending of its name, such as `mp4`'),
  state: z.enum(fileStates).describe('`empty`: the provider has a file of 0 bytes, which is not stored'),
  size: z.int().optional().describe('In bytes'),
  sha256: z.string().optional().describe('The checksum, in hexadecimal digits'),
  storedAt: instantSchema.optional(),
});

const holdSchema = z.object({
  on: z
    .enum(['recording', 'audition', 'organization'])
    .describe(
      'Whether the hold is on the recording, on its audition, or on all recordings of the organization',
    ),
  reason: z.string(),
  placedBy: z.string(),
  placedAt: instantSchema,
});

export const recordingSchema = z
  .object({
    id: recordingIdSchema,
    auditionId: auditionIdSchema,
    provider: z.enum(recordedMeetings),
    state: z.enum(recordingStates).describe('`deleting` and `deleted`: the files can no longer be opened'),
    startedAt: instantSchema.optional(),
    duration: z.int().optional().describe('In milliseconds'),
    storedAt: instantSchema.optional(),
    retainUntil: instantSchema
      .optional()
      .describe('When the recording is deleted, unless it has a legal hold'),
    deletedAt: instantSchema.optional(),
    legalHolds: z.array(holdSchema),
    files: z.array(fileSchema),
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
    expiresAt: instantSchema,
  })
  .meta({ id: 'RecordingLink', description: 'An address at which a file of a recording can be viewed' });
