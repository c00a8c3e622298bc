/** Dispatches the meeting activities to the provider that the input names. */
import { sharedRoomOf } from '../../domain/audition/casting-session.ts';
import type { Meeting } from '../../domain/audition/events.ts';
import { isCircuitOpen, ProviderError } from '../../domain/errors.ts';
import { isHostedMeeting, type MeetingProviderName } from '../../domain/providers/vendors.ts';
import type { AuditionCall, MeetingActivities, RegisterParticipantsInput } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { nonRetryableProviderFailure } from '../failures.ts';
import { openTrail } from '../trail/trail.ts';
import { createCalendarMeetingSteps } from './calendar-meeting.ts';
import { createHostedMeetingSteps } from './hosted-meeting.ts';
import { checkMeetingWith } from './meeting-check.ts';
import type { MeetingSteps } from './meeting-steps.ts';
import { createSessionRoomSteps } from './session-room.ts';

/**
 * Creates the meeting activities of all providers. While a circuit is open, `createMeeting` fails as non-retryable when
 * the input has a fallback, so that the workflow uses the next provider immediately.
 */
export const createMeetingActivities = (
  dependencies: Pick<
    ActivityDependencies,
    'repositories' | 'providers' | 'accessTokens' | 'issueJoinLinks' | 'sender'
  >,
): MeetingActivities => {
  const { events } = dependencies.repositories;

  const stepsOf = (provider: MeetingProviderName): MeetingSteps =>
    isHostedMeeting(provider)
      ? createHostedMeetingSteps(dependencies, provider)
      : createCalendarMeetingSteps(dependencies, provider);

  const sessionRooms = createSessionRoomSteps(dependencies, stepsOf);

  /** The steps of a meeting that belongs to its audition, or of one that a casting session shares. */
  const stepsFor = async (
    input: AuditionCall & { readonly provider: MeetingProviderName },
    isShared: boolean,
  ) => {
    await openTrail(events, input);
    if (isShared) return sessionRooms;
    const { register, ...steps } = stepsOf(input.provider);
    return {
      ...steps,
      register: async (registration: RegisterParticipantsInput) =>
        register?.(registration, registration.auditionId),
    };
  };

  return {
    createMeeting: async (input) => {
      try {
        const isShared = sharedRoomOf(input.settings, input.slot) !== undefined;
        return await (await stepsFor(input, isShared)).create(input);
      } catch (error) {
        const usesFallback = input.hasFallback && error instanceof ProviderError && isCircuitOpen(error);
        throw usesFallback ? nonRetryableProviderFailure(error) : error;
      }
    },
    checkMeeting: async (input) => {
      const steps = await stepsFor(input, isOfSession(input.meeting));
      return checkMeetingWith((meeting) => steps.check(meeting), input);
    },
    readAttendance: async (input) => {
      const { attendance } = await stepsFor(input, isOfSession(input.meeting));
      return attendance ? { attendance: await attendance(input) } : {};
    },
    endMeeting: async (input) => {
      await (await stepsFor(input, isOfSession(input.meeting))).end?.(input);
    },
    registerParticipants: async (input) => {
      await (await stepsFor(input, isOfSession(input.meeting))).register(input);
    },
    moveMeeting: async (input) => {
      const isShared = isOfSession(input.meeting) || sharedRoomOf(input.settings, input.slot) !== undefined;
      return (await stepsFor(input, isShared)).move(input);
    },
    // A slot of no session block has no shared room.
    removeMeeting: async (input) => (await stepsFor(input, input.slot.block !== undefined)).remove(input),
  };
};

const isOfSession = ({ room }: Meeting): boolean => room === 'session';
