/** Dispatches the meeting activities to the provider that the input names. */
import { isCircuitOpen, ProviderError } from '../../domain/errors.ts';
import { isHostedMeeting, type MeetingProviderName } from '../../domain/providers/vendors.ts';
import type { AuditionCall, MeetingActivities } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { nonRetryableProviderFailure } from '../failures.ts';
import { openTrail } from '../trail/trail.ts';
import { createCalendarMeetingSteps } from './calendar-meeting.ts';
import { createHostedMeetingSteps } from './hosted-meeting.ts';
import { checkMeetingWith } from './meeting-check.ts';
import type { MeetingSteps } from './meeting-steps.ts';

/** While a circuit is open, fails as non-retryable when another provider follows: the workflow uses it immediately. */
const orFallback = async <Result>(
  { hasFallback = false }: { readonly hasFallback?: boolean | undefined },
  step: () => Promise<Result>,
): Promise<Result> => {
  try {
    return await step();
  } catch (error) {
    const usesFallback = hasFallback && error instanceof ProviderError && isCircuitOpen(error);
    throw usesFallback ? nonRetryableProviderFailure(error) : error;
  }
};

/** Creates the meeting activities of all providers. */
export const createMeetingActivities = (
  dependencies: Pick<
    ActivityDependencies,
    'repositories' | 'providers' | 'accessTokens' | 'issueJoinLinks' | 'sender'
  >,
): MeetingActivities => {
  const { events } = dependencies.repositories;

  const stepsFor = async (
    input: AuditionCall & { readonly provider: MeetingProviderName },
  ): Promise<MeetingSteps> => {
    await openTrail(events, input);
    return isHostedMeeting(input.provider)
      ? createHostedMeetingSteps(dependencies, input.provider)
      : createCalendarMeetingSteps(dependencies, input.provider);
  };

  return {
    createMeeting: (input) => orFallback(input, async () => (await stepsFor(input)).create(input)),
    checkMeeting: async (input) => {
      const steps = await stepsFor(input);
      return checkMeetingWith((meeting) => steps.check(meeting), input);
    },
    readAttendance: async (input) => {
      const { attendance } = await stepsFor(input);
      return attendance ? { attendance: await attendance(input) } : {};
    },
    endMeeting: async (input) => {
      await (await stepsFor(input)).end?.(input);
    },
    registerParticipants: async (input) => {
      await (await stepsFor(input)).register?.(input);
    },
    setLeaders: async (input) => ({
      isHonored: (await (await stepsFor(input)).setLeaders?.(input)) ?? false,
    }),
    moveMeeting: (input) => orFallback(input, async () => (await stepsFor(input)).move(input)),
    removeMeeting: async (input) => (await stepsFor(input)).remove(input),
  };
};
