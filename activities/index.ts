/** Creates the activities of a worker process. */
import { createCalendarActivities } from './calendar/calendar.ts';
import { createCalendarReader } from './calendar/calendar-reader.ts';
import { createClaimSlot } from './calendar/claim-slot.ts';
import {
  type CalendarSyncDependencies,
  createCalendarSyncActivities,
} from './calendar-sync/calendar-sync.ts';
import type {
  AuditionActivities,
  CalendarSyncActivities,
  PlatformActivities,
  ReconciliationActivities,
  RecordingActivities,
} from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { withTemporalFailures } from './failures.ts';
import { createInternalActivities } from './internal/internal-activities.ts';
import { createMeetingActivities } from './meetings/meetings.ts';
import { createMessagingActivities } from './messaging/messaging.ts';
import { createPlatformActivities, type PlatformDependencies } from './platform-events/platform-events.ts';
import {
  createReconciliationActivities,
  type ReconciliationDependencies,
} from './reconciliation/reconciliation.ts';

import type { RecordingDependencies } from './recordings/dependencies.ts';
import { createRecordingActivities } from './recordings/recordings.ts';

export type { ActivityDependencies } from './dependencies.ts';

/**
 * Returns the activities of an audition. Each throws only Temporal failures: an `ApplicationFailure` that is marked as
 * retryable or not, or a cancellation.
 */
export const createActivities = (dependencies: ActivityDependencies): AuditionActivities => {
  const calendarReader = createCalendarReader(dependencies);
  return translateEach<AuditionActivities>({
    ...createInternalActivities(dependencies),
    ...createClaimSlot(dependencies, calendarReader),
    ...createCalendarActivities(dependencies, calendarReader),
    ...createMeetingActivities(dependencies),
    ...createMessagingActivities(dependencies),
  });
};

/**
 * Returns the activities that deliver events to the platform's webhook endpoints. They throw only Temporal failures.
 */
export const createEndpointActivities = (dependencies: PlatformDependencies): PlatformActivities =>
  translateEach<PlatformActivities>(createPlatformActivities(dependencies));

/** Returns the activities that compare auditions with Temporal and repair them. They throw only Temporal failures. */
export const createRepairActivities = (dependencies: ReconciliationDependencies): ReconciliationActivities =>
  translateEach<ReconciliationActivities>(createReconciliationActivities(dependencies));

/** Returns the activities that synchronize calendars. They throw only Temporal failures. */
export const createSyncActivities = (dependencies: CalendarSyncDependencies): CalendarSyncActivities =>
  translateEach<CalendarSyncActivities>(createCalendarSyncActivities(dependencies));

/** Returns the activities that store recordings. They throw only Temporal failures. */
export const createMediaActivities = (dependencies: RecordingDependencies): RecordingActivities =>
  translateEach<RecordingActivities>(createRecordingActivities(dependencies));

type InputOf<Activity> = Activity extends (input: infer Input) => unknown ? Input : never;
type ResultOf<Activity> = Activity extends (input: never) => Promise<infer Result> ? Result : never;

/**
 * The activities of a contract as a mapped type, so that TypeScript relates the input of each activity to its result.
 */
type Functions<Contract> = {
  [Name in keyof Contract]: (input: InputOf<Contract[Name]>) => Promise<ResultOf<Contract[Name]>>;
};

const translateEach = <Contract>(activities: Functions<Contract>): Functions<Contract> => {
  const translated = { ...activities };
  for (const name in activities) translated[name] = withTemporalFailures(activities[name]);
  return translated;
};
