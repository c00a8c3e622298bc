/** The meetings of all providers behind one set of activities: the input says which. */
import type { MeetingProviderName } from '../../domain/audition/request.ts';
import { circuitIsOpen, ProviderError } from '../../domain/errors.ts';
import type { MeetingActivities } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { failedAtOnce } from '../failures.ts';
import { createGoogleMeetActivities } from './google-meet.ts';
import { createZoomActivities } from './zoom.ts';

export const createMeetingActivities = (
  dependencies: Pick<ActivityDependencies, 'repositories' | 'providers' | 'accessTokens'>,
): MeetingActivities => {
  const by: Readonly<Record<MeetingProviderName, MeetingActivities>> = {
    zoom: createZoomActivities(dependencies),
    google_meet: createGoogleMeetActivities(dependencies),
  };
  return {
    createMeeting: async (input) => {
      try {
        return await by[input.provider].createMeeting(input);
      } catch (error) {
        const goesElsewhere = input.hasFallback && error instanceof ProviderError && circuitIsOpen(error);
        throw goesElsewhere ? failedAtOnce(error) : error;
      }
    },
    moveMeeting: (input) => by[input.provider].moveMeeting(input),
    removeMeeting: (input) => by[input.provider].removeMeeting(input),
  };
};
