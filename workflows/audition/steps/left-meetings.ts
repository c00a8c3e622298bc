/** Removes the meetings that an audition has left, when their provider is back. */
import type { Meeting } from '../../../domain/audition/meeting.ts';
import { isHostedMeeting } from '../../../domain/providers/vendors.ts';
import type { AuditionCompensation } from '../compensations.ts';
import type { AuditionRun } from '../run.ts';
import { undoInBackground } from '../undo-in-background.ts';

/** Returns the registered removals of the meetings that exist, or may exist. */
export const meetingRemovals = ({ saga }: AuditionRun): readonly AuditionCompensation[] =>
  saga.pending.filter(({ kind }) => kind === 'remove_meeting');

/**
 * Removes the meetings that the audition has left. Two meetings of a calendar provider are conferences of one event, or the
 * creation of the second has removed the first from another calendar: the earlier one is gone already, and its removal waits
 * for the end of the audition.
 * @param removals those that were registered before the present meeting was requested
 */
export const removeLater = (
  run: AuditionRun,
  removals: readonly AuditionCompensation[],
  present: Meeting,
): void => {
  const left = removals.filter(
    (entry) =>
      entry.kind === 'remove_meeting' &&
      (entry.provider !== present.provider || isHostedMeeting(entry.provider)),
  );
  undoInBackground(run, left, { isPatient: true });
};
