/** Continues an audition that was taken over, in the state that the trail says. */
import type { AuditionRun } from '../run.ts';
import { writeCalendarEvents } from './calendar-events.ts';
import { scheduleFirstSlot } from './first-slot.ts';
import { moveMeeting } from './meeting.ts';
import { announce, completionOf } from './schedule.ts';

/** Completes the step in which the earlier run was interrupted. Its effects have the same keys, so none is repeated. */
export const completeInterruptedStep = async (run: AuditionRun): Promise<void> => {
  const { state, slot, revision } = run.journal.view;
  switch (state) {
    case 'requested':
    case 'holding':
      return scheduleFirstSlot(run);
    case 'scheduling': {
      if (!slot) return;
      await moveMeeting(run, { slot, revision });
      await writeCalendarEvents(run, { slot, revision }, { completion: completionOf(run, run.claims.held) });
      announce(run, run.reminders, {
        notice: revision === 1 ? 'invitation' : 'update',
        label: `r${revision}`,
      });
      return;
    }
    case 'scheduled':
    case 'confirmed':
    case 'in_progress':
    case 'awaiting_decision':
    case 'closed':
      return;
  }
};
