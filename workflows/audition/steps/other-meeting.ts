/** Moves an audition to another meeting: its provider fails before or during the session, or a person asks for it. */
import type { Meeting } from '../../../domain/audition/meeting.ts';
import type { Refusal } from '../../../domain/errors.ts';
import type { MeetingProviderName } from '../../../domain/providers/vendors.ts';
import { runChange } from '../change.ts';
import type { MeetingCommand, MeetingReport } from '../messages.ts';
import { noMeetingNeeded } from '../refusals.ts';
import type { AuditionRun } from '../run.ts';
import type { UnusableMeeting } from '../unusable-meeting.ts';
import { announceBackup } from './backup.ts';
import { meetingRemovals, removeLater } from './left-meetings.ts';
import { createMeeting } from './meeting.ts';
import { isMeetingNeeded } from './meeting-loss.ts';
import { notifyOfOtherMeeting, sendLink } from './other-meeting-notice.ts';

/** Why an audition leaves the room of its session: another audition of the session has got another one. */
const roomLeftReason = 'room_left';

/**
 * Handles the report that the session has another room. Everyone moves to it when no other change is in progress. A meeting that
 * is not recorded yet is replaced when it is.
 */
export const roomLeft = (run: AuditionRun, { meetingId }: MeetingReport): void => {
  if (meetingId === undefined) return;
  const { meeting } = run.journal.view;
  if (meeting?.id === meetingId) run.unusableMeeting = { meeting, reason: roomLeftReason };
  else run.deletedMeetings = [...run.deletedMeetings, meetingId];
};

/**
 * Moves everyone to the next provider. When none can make a meeting, the present one stays, because its provider may only
 * fail to answer this service.
 */
export const leaveProvider = (
  run: AuditionRun,
  { meeting, reason }: UnusableMeeting,
): Promise<Refusal | undefined> => {
  // The other room of the session exists, and is used whichever provider it is on.
  const providers =
    reason === roomLeftReason
      ? run.plan.meetingProviders
      : run.plan.meetingProviders.filter((provider) => provider !== meeting.provider);
  return moveToOtherMeeting(run, { from: meeting, reason, providers });
};

/** Moves everyone to another meeting, because a person asks for it: on the named provider, or on the next one. */
export const changeMeeting = async (
  run: AuditionRun,
  { provider }: MeetingCommand,
): Promise<Refusal | undefined> => {
  const { meeting } = run.journal.view;
  if (run.plan.meetingProviders.length === 0 || !isMeetingNeeded(run)) return noMeetingNeeded();
  return moveToOtherMeeting(run, {
    from: meeting,
    reason: 'requested',
    providers: orderFrom(run.plan.meetingProviders, provider, meeting),
  });
};

/** The provider of the present meeting comes last: the person has a reason to leave it. */
const orderFrom = (
  all: readonly MeetingProviderName[],
  preferred: MeetingProviderName | undefined,
  present: Meeting | undefined,
): readonly MeetingProviderName[] => {
  const others = all.filter((provider) => provider !== preferred && provider !== present?.provider);
  const last = all.filter((provider) => provider !== preferred && provider === present?.provider);
  return [...(preferred ? [preferred] : []), ...others, ...last];
};

const moveToOtherMeeting = async (
  run: AuditionRun,
  {
    from,
    reason,
    providers,
  }: {
    readonly from: Meeting | undefined;
    readonly reason: string;
    readonly providers: readonly MeetingProviderName[];
  },
): Promise<Refusal | undefined> => {
  const { slot, revision, meeting } = run.journal.view;
  if (!slot || meeting?.id !== from?.id || !isMeetingNeeded(run)) return undefined;
  return runChange(
    run,
    'meeting',
    async (change) => {
      change.isMade = true;
      const before = meetingRemovals(run);
      const isMoot = () => !isMeetingNeeded(run) || run.journal.view.meeting?.id !== from?.id;
      await createMeeting(
        run,
        { slot, revision },
        {
          isMoot,
          departure: {
            from,
            reason,
            providers,
            isUrgent: true,
            onNoneLeft: () => announceBackup(run),
          },
        },
      );
      const { meeting: present } = run.journal.view;
      if (!present || present.id === from?.id) return undefined;
      // Join links lead to the other meeting once the read model shows it. The removal can wait for its provider.
      run.journal.flushInBackground();
      removeLater(run, before, present);
      // Join links lead to the present meeting: no calendar event changes.
      if (run.plan.joinLinks) {
        notifyOfOtherMeeting(run);
        return undefined;
      }
      await sendLink(run, { slot, revision });
      return undefined;
    },
    { endsWithSlotStart: false },
  );
};
