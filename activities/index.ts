/** All activities, made once per worker process. */
import { createBookingActivities } from './booking/booking.ts';
import { createCalendarActivities } from './calendar/calendar.ts';
import type { AuditionActivities, PlatformActivities } from './contract.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { translated } from './failures.ts';
import { createMeetingActivities } from './meetings/meetings.ts';
import { createMessagingActivities } from './messaging/messaging.ts';
import { createPlatformActivities, type PlatformDependencies } from './platform-events/platform-events.ts';

export type { ActivityDependencies } from './dependencies.ts';

/** Every one throws only what Temporal understands: an `ApplicationFailure` with its fate, or a cancellation. */
export const createActivities = (dependencies: ActivityDependencies): AuditionActivities => {
  const booking = createBookingActivities(dependencies);
  const calendar = createCalendarActivities(dependencies);
  const meetings = createMeetingActivities(dependencies);
  const messaging = createMessagingActivities(dependencies);
  return {
    holdSlot: translated((input) => booking.holdSlot(input)),
    confirmHold: translated((input) => booking.confirmHold(input)),
    releaseHolds: translated((input) => booking.releaseHolds(input)),
    recordEvents: translated((input) => booking.recordEvents(input)),
    findBusy: translated((input) => calendar.findBusy(input)),
    writeEvent: translated((input) => calendar.writeEvent(input)),
    removeEvent: translated((input) => calendar.removeEvent(input)),
    createMeeting: translated((input) => meetings.createMeeting(input)),
    moveMeeting: translated((input) => meetings.moveMeeting(input)),
    removeMeeting: translated((input) => meetings.removeMeeting(input)),
    sendNotice: translated((input) => messaging.sendNotice(input)),
    retractNotice: translated((input) => messaging.retractNotice(input)),
  };
};

/** Those that tell the platform, with their errors translated in the same way. */
export const createEndpointActivities = (dependencies: PlatformDependencies): PlatformActivities => {
  const platform = createPlatformActivities(dependencies);
  return {
    deliverEvents: translated((input) => platform.deliverEvents(input)),
    replayEvents: translated((input) => platform.replayEvents(input)),
    tellEndpoint: translated((input) => platform.tellEndpoint(input)),
    disableEndpoint: translated((input) => platform.disableEndpoint(input)),
  };
};
