/** Dispatches the meeting activities to the provider that the input names. */
import { isCircuitOpen, ProviderError } from '../../domain/errors.ts';
import { isHostedMeeting, type MeetingProviderName } from '../../domain/providers/vendors.ts';
import type { MeetingActivities } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { nonRetryableProviderFailure } from '../failures.ts';
import { createCalendarMeetingActivities } from './calendar-meeting.ts';
import { createHostedMeetingActivities } from './hosted-meeting.ts';

/**
 * Creates the meeting activities of all providers. While a circuit is open, `createMeeting` fails as non-retryable when
 * the input has a fallback, so that the workflow uses the next provider immediately.
 */
export const createMeetingActivities = (
  dependencies: Pick<ActivityDependencies, 'repositories' | 'providers' | 'accessTokens'>,
): MeetingActivities => {
  const activitiesOf = (name: MeetingProviderName): MeetingActivities =>
    isHostedMeeting(name)
      ? createHostedMeetingActivities(dependencies, name)
      : createCalendarMeetingActivities(dependencies, name);
  return {
    createMeeting: async (input) => {
      try {
        return await activitiesOf(input.provider).createMeeting(input);
      } catch (error) {
        const usesFallback = input.hasFallback && error instanceof ProviderError && isCircuitOpen(error);
        throw usesFallback ? nonRetryableProviderFailure(error) : error;
      }
    },
    moveMeeting: (input) => activitiesOf(input.provider).moveMeeting(input),
    removeMeeting: (input) => activitiesOf(input.provider).removeMeeting(input),
  };
};
