/** Replaces a meeting that was deleted at its provider. */
import type { Refusal } from '../../../domain/errors.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { runChange } from '../change.ts';
import { wrongState } from '../refusals.ts';
import type { AuditionRun } from '../run.ts';
import { writeCalendarEvents } from './calendar-events.ts';
import { createMeeting } from './meeting.ts';
import { notify } from './notices.ts';

/**
 * Creates a new meeting, writes its link to the calendar events, and sends it to the participants, once. Does nothing
 * when the audition has another meeting by now, or when its slot is over.
 */
export const replaceMeeting = async (
  run: AuditionRun,
  deletedMeetings: readonly string[],
): Promise<Refusal | undefined> => {
  const { meeting, slot, revision, state } = run.journal.view;
  const isRunning = state === 'scheduled' || state === 'confirmed' || state === 'in_progress';
  if (!meeting || !deletedMeetings.includes(meeting.id) || !slot || !isRunning) return undefined;
  if (Date.now() >= toEpochMs(slot.end)) return undefined;
  return runChange(
    run,
    async (change) => {
      run.record({ type: 'meeting_lost', meeting });
      change.isMade = true;
      run.journal.flushInBackground();
      await createMeeting(run, { slot, revision });
      const label = `r${revision}:m${run.meetingsRequested}`;
      await writeCalendarEvents(run, { slot, revision }, { label });
      const reason = 'The video meeting was replaced. Please use the new link.';
      notify(run, { notice: 'update', label, reason });
      return undefined;
    },
    () => wrongState('reschedule', run.journal.view.state),
  );
};
