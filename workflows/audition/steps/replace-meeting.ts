/** Replaces a meeting that was deleted at its provider. */
import type { Refusal } from '../../../domain/errors.ts';
import { runChange } from '../change.ts';
import type { AuditionRun } from '../run.ts';
import { announceBackup, isNearSession } from './backup.ts';
import { createMeeting, type Departure } from './meeting.ts';
import { isMeetingNeeded } from './meeting-loss.ts';
import { notifyOfOtherMeeting, sendLink } from './other-meeting-notice.ts';
import { expectInterruptedRecording } from './recording.ts';

/**
 * Near the session everyone waits for the other meeting. Undefined when there is time, and in auditions whose meeting is
 * not checked before the session.
 */
const departureOf = (run: AuditionRun): Departure | undefined =>
  isNearSession(run)
    ? {
        from: undefined,
        reason: 'not_found',
        providers: run.plan.meetingProviders,
        isUrgent: true,
        onNoneLeft: () => announceBackup(run),
      }
    : undefined;

/**
 * Creates a new meeting, writes its link to the calendar events, and sends it to the participants, once. Does nothing
 * when the audition has another meeting by now, or when its slot is over.
 */
export const replaceMeeting = async (
  run: AuditionRun,
  { deletedMeetings, isMeetingLost }: Pick<AuditionRun, 'deletedMeetings' | 'isMeetingLost'>,
): Promise<Refusal | undefined> => {
  const { meeting, slot, revision } = run.journal.view;
  if (!slot || !isMeetingNeeded(run)) return undefined;
  const isDeleted = meeting !== undefined && deletedMeetings.includes(meeting.id);
  if (meeting ? !isDeleted : !isMeetingLost) return undefined;
  if (isDeleted) {
    run.journal.record({ type: 'meeting_lost', meeting });
    expectInterruptedRecording(run, meeting);
  }
  return runChange(
    run,
    'reschedule',
    async (change) => {
      change.isMade = true;
      run.journal.flushInBackground();
      await createMeeting(
        run,
        { slot, revision },
        { isMoot: () => !isMeetingNeeded(run), departure: departureOf(run) },
      );
      if (!isMeetingNeeded(run)) return undefined;
      // The join links of the participants lead to the other meeting.
      if (run.plan.joinLinks && run.journal.view.meeting) {
        notifyOfOtherMeeting(run);
        return undefined;
      }
      await sendLink(run, { slot, revision });
      return undefined;
    },
    // The participants need the link during the slot too.
    { endsWithSlotStart: false },
  );
};
