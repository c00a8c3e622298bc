/** Replaces a meeting that was deleted at its provider. */
import type { Refusal } from '../../../domain/errors.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { runChange } from '../change.ts';
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
  deletedMeeting: string | undefined,
): Promise<Refusal | undefined> => {
  const { meeting, slot, revision, state } = run.journal.view;
  const isRunning = state === 'scheduled' || state === 'confirmed' || state === 'in_progress';
  if (!meeting || meeting.id !== deletedMeeting || !slot || !isRunning) return undefined;
  if (Date.now() >= toEpochMs(slot.end)) return undefined;
  return runChange(run, 'reschedule', async () => {
    run.record({ type: 'meeting_lost', meeting });
    run.journal.flushInBackground();
    await createMeeting(run, { slot, revision });
    const label = `r${revision}:m${run.meetingsRequested}`;
    await writeCalendarEvents(run, { slot, revision }, { label });
    // An operator can have the audition continue without a meeting.
    notify(run, { notice: 'update', label, changed: run.journal.view.meeting ? 'link' : 'no_link' });
    return undefined;
  });
};
