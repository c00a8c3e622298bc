/** All activities, made once per worker process. */
import { createInternalActivities } from './booking/booking.ts';
import { createCalendarActivities } from './calendar/calendar.ts';
import type { AuditionActivities, PlatformActivities } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { withTemporalFailures } from './failures.ts';
import { createMeetingActivities } from './meetings/meetings.ts';
import { createMessagingActivities } from './messaging/messaging.ts';
import { createPlatformActivities, type PlatformDependencies } from './platform-events/platform-events.ts';

export type { ActivityDependencies } from './dependencies.ts';

/** Every one throws only what Temporal understands: an `ApplicationFailure` with its fate, or a cancellation. */
export const createActivities = (dependencies: ActivityDependencies): AuditionActivities =>
  translateEach<AuditionActivities>({
    ...createInternalActivities(dependencies),
    ...createCalendarActivities(dependencies),
    ...createMeetingActivities(dependencies),
    ...createMessagingActivities(dependencies),
  });

/** Those that tell the platform, with their errors translated in the same way. */
export const createEndpointActivities = (dependencies: PlatformDependencies): PlatformActivities =>
  translateEach<PlatformActivities>(createPlatformActivities(dependencies));

type InputOf<Activity> = Activity extends (input: infer Input) => unknown ? Input : never;
type ResultOf<Activity> = Activity extends (input: never) => Promise<infer Result> ? Result : never;

/** The activities of a contract, in the form in which TypeScript relates the input of each one to its result. */
type Functions<Contract> = {
  [Name in keyof Contract]: (input: InputOf<Contract[Name]>) => Promise<ResultOf<Contract[Name]>>;
};

const translateEach = <Contract>(activities: Functions<Contract>): Functions<Contract> => {
  const each = { ...activities };
  for (const name in activities) each[name] = withTemporalFailures(activities[name]);
  return each;
};
