/** Workflow ids, apart from the schemas of the ids they are made of: workflows need the one without the other. */
import type { AuditionId, ConnectionId } from './ids.ts';

/** The workflow id is the idempotency of the start: one audition, one workflow, whatever is retried. */
type AuditionWorkflowId = `audition/${AuditionId}`;

export const auditionWorkflowId = (id: AuditionId): AuditionWorkflowId => `audition/${id}`;

/** One synchronisation for each connected account. */
export const calendarSyncWorkflowId = (id: ConnectionId): `calendar-sync/${ConnectionId}` =>
  `calendar-sync/${id}`;
