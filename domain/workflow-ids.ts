/** Workflow ids. They stand apart from the id schemas in `ids.ts`, which must not enter the workflow bundle. */
import type { AuditionId, ConnectionId } from './ids.ts';

type AuditionWorkflowId = `audition/${AuditionId}`;

/** Returns the workflow id of an audition. It makes the start idempotent: each audition has one workflow. */
export const auditionWorkflowId = (id: AuditionId): AuditionWorkflowId => `audition/${id}`;

/** Returns the workflow id of a connection's calendar synchronisation. Each connection has one. */
export const calendarSyncWorkflowId = (id: ConnectionId): `calendar-sync/${ConnectionId}` =>
  `calendar-sync/${id}`;
