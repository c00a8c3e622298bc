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

/** Returns the id of the data key under which everything of an audition is sealed that can name a person. */
export const auditionDataKey = (id: string): string => `audition:${id}`;

/** Returns the id of the data key of the audition that a workflow id, an idempotency key or a path names. */
export const auditionDataKeyIn = (text: string): string | undefined => {
  const [, audition] = /\/(aud_[A-Za-z0-9_-]+)/.exec(text) ?? [];
  return audition === undefined ? undefined : auditionDataKey(audition);
};

/** Returns the id of the data key of the payloads of a calendar's synchronisation. */
export const calendarSyncDataKey = (connection: string): string => `calendar-sync:${connection}`;

/**
 * Returns the id of the data key under which the payloads of a workflow are encrypted: that of the audition or the connection
 * that its id names. Undefined when it names none.
 */
export const payloadDataKeyOf = (workflowId: string): string | undefined => {
  const ofAudition = auditionDataKeyIn(workflowId);
  if (ofAudition !== undefined) return ofAudition;
  const [, connection] = /^calendar-sync\/(.+)$/.exec(workflowId) ?? [];
  return connection === undefined ? undefined : calendarSyncDataKey(connection);
};
