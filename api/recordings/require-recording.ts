/** Finds the recording that a request names. */
import type { Recordings } from '../../db/recordings/recordings.ts';
import { Refusal } from '../../domain/errors.ts';
import type { OrganizationId, RecordingId } from '../../domain/ids.ts';
import type { StoredRecording } from '../../domain/recordings/stored-recording.ts';

/** Returns the refusal for a recording that the organization does not have. */
export const recordingNotFound = (id: string): Refusal =>
  new Refusal(
    'recording_not_found',
    `Your organization has no recording ${id}.`,
    'GET /v1/auditions/{id}/recordings lists those of an audition.',
  );

/** @throws {Refusal} `recording_not_found`, also for recordings of other organizations. */
export const requireRecording = async (
  recordings: Pick<Recordings, 'get'>,
  organization: OrganizationId,
  id: RecordingId,
): Promise<StoredRecording> => {
  const recording = await recordings.get(organization, id);
  if (!recording) throw recordingNotFound(id);
  return recording;
};
