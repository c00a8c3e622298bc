/** Dispatches the meeting activities to the provider that the input names. */
import { sharedRoomOf } from '../../domain/audition/casting-session.ts';
import type { Meeting } from '../../domain/audition/meeting.ts';
import { isCircuitOpen, ProviderError } from '../../domain/errors.ts';
import { isHostedMeeting, type MeetingProviderName } from '../../domain/providers/vendors.ts';
import type { CallContext } from '../../providers/ports.ts';
import type {
  AuditionCall,
  MeetingActivities,
  MeetingLook,
  MeetingOfAudition,
  RegisterParticipantsInput,
} from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { nonRetryableProviderFailure } from '../failures.ts';
import { openTrail } from '../trail/trail.ts';
import { createCalendarMeetingSteps } from './calendar-meeting.ts';
import { createHostedMeetingSteps } from './hosted-meeting.ts';
import { checkMeetingWith } from './meeting-check.ts';
import type { MeetingSteps } from './meeting-steps.ts';
import { createSessionRoomSteps } from './session-room.ts';

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

type MeetingDependencies = Pick<
  ActivityDependencies,
  'repositories' | 'providers' | 'accessTokens' | 'issueJoinLinks' | 'sender'
>;

const stepsOfProviders =
  (dependencies: MeetingDependencies) =>
  (provider: MeetingProviderName): MeetingSteps =>
    isHostedMeeting(provider)
      ? createHostedMeetingSteps(dependencies, provider)
      : createCalendarMeetingSteps(dependencies, provider);

/** Asks the provider whether it still has the meeting. Changes nothing. @throws the errors of the provider */
export type LookAtMeeting = (meeting: MeetingOfAudition, call: CallContext) => Promise<MeetingLook['status']>;

/** Creates the look at meetings, for callers outside of activities. */
export const createLookAtMeeting = (dependencies: MeetingDependencies): LookAtMeeting => {
  const stepsOf = stepsOfProviders(dependencies);
  const sessionRooms = createSessionRoomSteps(dependencies, stepsOf);
  return (input, call) =>
    isOfSession(input.meeting) ? sessionRooms.look(input, call) : stepsOf(input.provider).look(input, call);
};

/** Creates the meeting activities of all providers. */
export const createMeetingActivities = (dependencies: MeetingDependencies): MeetingActivities => {
  const { events } = dependencies.repositories;
  const stepsOf = stepsOfProviders(dependencies);
  const sessionRooms = createSessionRoomSteps(dependencies, stepsOf);

  /** The steps of a meeting that belongs to its audition. */
  const ownStepsFor = async (input: AuditionCall & { readonly provider: MeetingProviderName }) => {
    await openTrail(events, input);
    const { register, ...steps } = stepsOf(input.provider);
    return {
      ...steps,
      register: async (registration: RegisterParticipantsInput) =>
        register?.(registration, registration.auditionId),
    };
  };

  /** The steps of a meeting that belongs to its audition, or of one that a casting session shares. */
  const stepsFor = async (
    input: AuditionCall & { readonly provider: MeetingProviderName },
    isShared: boolean,
  ) => {
    if (!isShared) return ownStepsFor(input);
    await openTrail(events, input);
    return sessionRooms;
  };

  return {
    createMeeting: (input) =>
      orFallback(input, async () => {
        const isShared = sharedRoomOf(input.settings, input.slot) !== undefined;
        return (await stepsFor(input, isShared)).create(input);
      }),
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
    // The directors of one audition would replace those of another one in the same room.
    setLeaders: async (input) =>
      isOfSession(input.meeting)
        ? { isHonored: false }
        : { isHonored: (await (await ownStepsFor(input)).setLeaders?.(input)) ?? false },
    moveMeeting: (input) =>
      orFallback(input, async () => {
        const isShared = isOfSession(input.meeting) || sharedRoomOf(input.settings, input.slot) !== undefined;
        return (await stepsFor(input, isShared)).move(input);
      }),
    // A slot of no session block has no shared room.
    removeMeeting: async (input) => (await stepsFor(input, input.slot.block !== undefined)).remove(input),
  };
};

const isOfSession = ({ room }: Meeting): boolean => room === 'session';
