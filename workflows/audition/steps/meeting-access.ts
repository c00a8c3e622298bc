/** Follows a change of how people get into the meeting: a person has changed its passcode at the provider. */
import { changedAccess } from '../../../domain/audition/changed-access.ts';
import type { Meeting, MeetingAccess } from '../../../domain/audition/meeting.ts';
import { runChange } from '../change.ts';
import type { AuditionRun } from '../run.ts';
import { isMeetingNeeded } from './meeting-loss.ts';
import { sendLink } from './other-meeting-notice.ts';
import { registerParticipants } from './registrants.ts';

/**
 * Records the present address of the meeting. Join links lead to it from then on, so their participants need no notice. Others get the
 * link once, when no other change is in progress. Does nothing when an earlier look has found the same.
 */
export const accessChanged = (run: AuditionRun, { id }: Meeting, found: MeetingAccess): void => {
  const { meeting } = run.journal.view;
  const access = meeting?.id === id ? changedAccess(meeting, found) : undefined;
  if (!meeting || !access) return;
  run.journal.record({ type: 'meeting_access_changed', meetingId: id, access });
  run.journal.flushInBackground();
  // Calendars and messages contain no telephone number.
  if (access.joinUrl === meeting.joinUrl) return;
  if (!run.plan.joinLinks) {
    run.hasFormerLink = true;
    return;
  }
  run.hasFormerRegistrants = true;
  registerParticipants(run);
};

/** Writes the present address of the meeting to the calendar events, and sends it to the participants. */
export const sendPresentLink = async (run: AuditionRun): Promise<void> => {
  const { slot, revision, meeting } = run.journal.view;
  if (!slot || !meeting || !isMeetingNeeded(run)) return;
  await runChange(
    run,
    'meeting',
    async (change) => {
      change.isMade = true;
      await sendLink(run, { slot, revision }, run.journal.number);
      return undefined;
    },
    // The participants need the link during the slot too.
    { endsWithSlotStart: false },
  );
};
