/** The meetings of all providers behind one set of activities: the input says which. */

import { isCircuitOpen, ProviderError } from '../../domain/errors.ts';
import { isHostedMeeting, type MeetingProviderName } from '../../domain/providers/vendors.ts';
import type { MeetingActivities } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { nonRetryableProviderFailure } from '../failures.ts';
import { createCalendarMeetingActivities } from './calendar-meeting.ts';
import { createHostedMeetingActivities } from './hosted-meeting.ts';

export const createMeetingActivities = (
  dependencies: Pick<ActivityDependencies, 'repositories' | 'providers' | 'accessTokens'>,
): MeetingActivities => {
  const at = (name: MeetingProviderName): MeetingActivities =>
    isHostedMeeting(name)
      ? createHostedMeetingActivities(dependencies, name)
      : createCalendarMeetingActivities(dependencies, name);
  return {
    createMeeting: async (input) => {
      try {
        return await at(input.provider).createMeeting(input);
      } catch (error) {
        const goesElsewhere = input.hasFallback && error instanceof ProviderError && isCircuitOpen(error);
        throw goesElsewhere ? nonRetryableProviderFailure(error) : error;
      }
    },
    moveMeeting: (input) => at(input.provider).moveMeeting(input),
    removeMeeting: (input) => at(input.provider).removeMeeting(input),
  };
};
