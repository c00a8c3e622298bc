/** Notices that a meeting was deleted at its provider, and decides whether the audition still needs one. */
import type { AuditionState } from '../../../domain/audition/states.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import type { MeetingReport } from '../messages.ts';
import type { AuditionRun } from '../run.ts';
import { expectInterruptedRecording } from './recording.ts';

/**
 * Handles the report that a meeting was deleted. The present meeting is lost immediately: no notice states its link from
 * now on, even while another change waits for an operator. The report can be about a meeting that is not recorded yet.
 */
export const meetingDeleted = (run: AuditionRun, { meetingId }: MeetingReport): void => {
  if (meetingId === undefined) return;
  run.deletedMeetings = [...run.deletedMeetings, meetingId];
  const { meeting } = run.journal.view;
  if (meeting?.id !== meetingId || !isMeetingNeeded(run)) return;
  run.journal.record({ type: 'meeting_lost', meeting });
  expectInterruptedRecording(run, meeting);
  run.isMeetingLost = true;
};

const statesWithMeeting: ReadonlySet<AuditionState> = new Set([
  'scheduling',
  'scheduled',
  'confirmed',
  'in_progress',
]);

/** Returns whether a meeting is still needed. */
export const isMeetingNeeded = ({ journal }: AuditionRun): boolean => {
  const { slot, state } = journal.view;
  return slot !== undefined && statesWithMeeting.has(state) && Date.now() < toEpochMs(slot.end);
};
