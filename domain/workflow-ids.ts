/** Workflow ids. They stand apart from the id schemas in `ids.ts`, which must not enter the workflow bundle. */
import type { AuditionId, ConnectionId } from './ids.ts';
import type { RecordedMeetingName } from './providers/vendors.ts';

type AuditionWorkflowId = `audition/${AuditionId}`;

/** Returns the workflow id of an audition. It makes the start idempotent: each audition has one workflow. */
export const auditionWorkflowId = (id: AuditionId): AuditionWorkflowId => `audition/${id}`;

/** Returns the workflow id of a connection's calendar synchronisation. Each connection has one. */
export const calendarSyncWorkflowId = (id: ConnectionId): `calendar-sync/${ConnectionId}` =>
  `calendar-sync/${id}`;

/**
 * Returns the workflow id of the recordings of a meeting. The audition and the webhook of the provider both start it: the
 * id makes it one. A meeting that is opened several times has several recordings, which this one workflow stores.
 */
export const recordingWorkflowId = (
  id: AuditionId,
  provider: RecordedMeetingName,
  meetingId: string,
): `recording/${AuditionId}/${string}` => `recording/${id}/${provider}:${meetingId}`;
