/**
 * Collects the interfaces of the activities that the workflows call and the workers run. Each file of `contracts/` names the
 * task queue of its activities. Workflows import only this file of the folder.
 *
 * Every activity with an external effect takes a `key` (`{workflowId}:{step}`). Repeated calls with the same key have
 * one effect.
 */

import type { CalendarSyncActivities } from './contracts/calendar-sync.ts';
import type { CalendarActivities } from './contracts/calendars.ts';
import type { InternalActivities } from './contracts/internal.ts';
import type { MeetingActivities } from './contracts/meetings.ts';
import type { MessagingActivities } from './contracts/messaging.ts';
import type { PlatformActivities } from './contracts/platform.ts';
import type { ReconciliationActivities } from './contracts/reconciliation.ts';
import type { RecordingActivities } from './contracts/recordings.ts';

export * from './contracts/calendar-sync.ts';
export * from './contracts/calendars.ts';
export * from './contracts/calls.ts';
export * from './contracts/internal.ts';
export * from './contracts/meetings.ts';
export * from './contracts/messaging.ts';
export * from './contracts/platform.ts';
export * from './contracts/reconciliation.ts';
export * from './contracts/recordings.ts';

export type AuditionActivities = InternalActivities &
  CalendarActivities &
  MeetingActivities &
  MessagingActivities;

/** All activities that a worker runs. */
export type ServiceActivities = AuditionActivities &
  RecordingActivities &
  PlatformActivities &
  ReconciliationActivities &
  CalendarSyncActivities;
