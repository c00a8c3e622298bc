/** Derives ids and keys of recordings, so that every attempt computes the same ones. */
import { createHash } from 'node:crypto';
import type { AuditionId, OrganizationId, RecordingId } from '../../domain/ids.ts';
import type { RecordedMeetingName } from '../../domain/providers/vendors.ts';
import type { FileToStore } from '../../domain/recordings/recording.ts';

/** Returns the id of the recording of one opening of a meeting. */
export const recordingIdOf = (
  auditionId: AuditionId,
  provider: RecordedMeetingName,
  instance: string,
): RecordingId =>
  `rec_${createHash('sha256').update(`recording\n${auditionId}\n${provider}\n${instance}`).digest('hex').slice(0, 32)}`;

/** Returns the key of a file in the storage. It contains ids only. */
export const storageKeyOf = (
  { organization, auditionId }: { readonly organization: OrganizationId; readonly auditionId: AuditionId },
  { recording, file, format }: FileToStore,
): string => `${organization}/${auditionId}/${recording}/${file}.${format}`;
